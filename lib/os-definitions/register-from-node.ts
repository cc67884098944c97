import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { findNode } from "#lib/instances/choose-node.ts";
import { findCarriedImage } from "./carried-image.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readDefinitionArchive } from "./read-definition-archive.ts";
import { requireRegistration } from "./require-upload.ts";
import { storeVersion } from "./store-version.ts";

export interface RegisterFromNodeInput {
  readonly name: string;
  /** The node's name. */
  readonly node: string;
}

/**
 * Takes an OS definition in from a folder on a node, as Ganeti has them: its agent packs the folder, and it is read as an upload
 * is. For administrators.
 *
 * @throws SlipwayError `unknown_object` (node or folder), `node_unreachable`, `node_refused`, and as an upload; `exists` also where a user has the name
 */
export async function registerFromNode(ctx: RequestContext, { name, node }: RegisterFromNodeInput, signal?: AbortSignal): Promise<OsDefinitionDetail> {
  await requireRegistration(ctx, name);
  const { id } = await findNode(ctx.services.db, node);
  const agent = await ctx.services.agents.client(id);
  const parsed = await readDefinitionArchive(await agent.fetchOsDefinition(name, signal).catch(refuseFolder), signal);
  const image = await findCarriedImage(ctx, parsed.manifest);
  await storeVersion(ctx, { name, parsed, image, operation: "os.register", owner: null, source: `node ${node}` });
  return getOsDefinition(ctx, name);
}

/** What is wrong with the folder, not with the node. */
const OF_THE_FOLDER = ["unknown_object", "invalid", "too_large"] as const;

/** An agent's word on the folder is answered as one on an archive would be. */
function refuseFolder(error: unknown): never {
  const said = agentCodeOf(error);
  const code = OF_THE_FOLDER.find((one) => one === said);
  if (!isSlipwayError(error) || code === undefined) throw error;
  throw new SlipwayError(code, error.message, { ...(error.field === undefined ? {} : { field: error.field }), cause: error });
}
