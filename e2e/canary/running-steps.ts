/** What happens while an instance runs with its channel on: what it is served, and what becomes of values that it says or is told. */
import { randomBytes } from "node:crypto";
import { plantAll, type Planted } from "./plant.ts";
import { Talker, type ChannelLine } from "./talker.ts";
import type { World } from "./world.ts";

/** What was seen of it. Lists of texts are what the guest has said of what it finds at the service. */
export interface Running extends Planted {
  readonly talker: Talker;
  readonly installId: string;
  /** As it was created, and as it was changed while it ran. */
  readonly userData: { readonly first: string; readonly second: string };
  /** After its install. */
  readonly served: readonly string[];
  /** After the change, and before it was started anew; and then. */
  readonly servedBefore: readonly string[];
  readonly servedAfter: readonly string[];
  /** What the channel has of the values that it said: of the first user data, and of the second when they were deleted. */
  readonly leaked: readonly (readonly ChannelLine[])[];
  /** A message that held its private value, as it is on record. */
  readonly message: string | null;
}

export async function playRunning(world: World): Promise<Running> {
  const { plants } = world;
  const planted = plantAll(world, "a running instance");
  const userData = { first: plants.plant("user data", "private"), second: plants.plant("other user data", "private") };
  const { talker, installId } = await Talker.install(world.as("administrator"), world.as("owner"), {
    owner: world.accounts.owner.name,
    name: `talker-${randomBytes(4).toString("hex")}`,
    userData: userData.first,
    parameters: { public: { word: planted.word }, private: { remark: planted.remark }, secret: { passphrase: planted.passphrase } },
  });
  const served = await talker.ask();
  const leakedFirst = await talker.leak();
  const message = await talker.hear(`it is ${planted.remark}`);
  await talker.modify({ userData: userData.second });
  const servedBefore = await talker.ask();
  const servedAfter = await talker.reboot();
  await talker.modify({ userData: null });
  const leakedSecond = await talker.leak();
  return { ...planted, talker, installId, userData, served, servedBefore, servedAfter, leaked: [leakedFirst, leakedSecond], message };
}
