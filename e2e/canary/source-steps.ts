/** Values of each class on the ways that an install has beside scripts: package, image and medium that report, rollback, snapshot, export and import. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { bootSector } from "#agent/e2e/boot-sector.ts";
import type { Ledger } from "#scripts/canary/ledger.ts";
import { acceptedSchema } from "../client.ts";
import { jobSucceeds } from "../simulated-node.ts";
import { plantAll, type Planted } from "./plant.ts";
import type { Objects } from "./register.ts";
import { expectState, install, lookMeanwhile, type Ended } from "./one-install.ts";
import type { World } from "./world.ts";

const MIB = 1_048_576;
const anything = z.unknown();

/** What was seen of it. */
export interface Sources {
  /** An export of the instance that the other steps have, with what it was told when it was last installed. */
  readonly exportId: string;
  readonly imported: Ended;
  /** Every install of these steps. */
  readonly installs: readonly Ended[];
}

/** The rest of what happens to the instance of the other steps, and to one of its own. */
export async function playSources(world: World, ledger: Ledger, objects: Objects): Promise<Sources> {
  const admin = world.as("administrator");
  const { privateSources } = await admin.call("GET", "/api/v1/cluster", z.object({ privateSources: z.array(z.string()) }));
  await admin.call("PATCH", "/api/v1/cluster", anything, { privateSources: [...privateSources, "127.0.0.1"] });
  const server = createServer();
  try {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const fetched = await playFetched(world, ledger, objects, server);
    const afterwards = await playAfterwards(world, objects);
    return { ...afterwards, installs: [...fetched, afterwards.imported] };
  } finally {
    server.close();
    await admin.call("PATCH", "/api/v1/cluster", anything, { privateSources });
  }
}

/** One instance: with a package that needs a user name and password, then from an image and from a medium, whose systems say nothing until somebody says that they are up. */
async function playFetched(world: World, ledger: Ledger, objects: Objects, server: ReturnType<typeof createServer>): Promise<Ended[]> {
  const { plants } = world;
  const admin = world.as("administrator");
  const name = `${objects.instance}-source`;
  const reinstall = `/api/v1/instances/${name}/reinstall`;
  const username = plants.plant("a package's user name", "secret");
  const password = plants.plant("a package's password", "secret");
  // Stored and not packed, so that a copy of it anywhere would show.
  const archive = gzipSync(tarOf("content", plants.plantPlain("a package's content", "secret")), { level: 0 });
  const disk = Buffer.concat([bootSector("the canary's image is up"), Buffer.alloc(MIB)]);
  const floppy = Buffer.concat([bootSector("the canary's medium is up"), Buffer.alloc(1_474_048)]);
  server.on("request", (request, response) => {
    const isAllowed = request.headers.authorization === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const bytes = new Map([...(isAllowed ? [["/canary.tgz", archive] as const] : []), ["/canary.raw", disk], ["/canary.floppy", floppy]]).get(request.url ?? "");
    response.writeHead(bytes === undefined ? 401 : 200, { "content-length": bytes?.length ?? 0 }).end(bytes);
  });
  // A server that listens on TCP has an address of this kind.
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  const one = plantAll(world, "a package");
  const packaged = await install(
    admin,
    "/api/v1/instances",
    { name, owner: world.accounts.owner.name, osType: "booter+default", memoryMib: 128, disks: [{ sizeMib: 32 }], nics: [], communication: true, start: false, package: { url: `${origin}/canary.tgz`, username, password }, parameters: booterParameters(one) },
    one,
  );
  expectState("an install with a package", packaged.install, "done");
  const wrong = plants.plant("a wrong password of a package", "secret");
  const two = plantAll(world, "a package that isn't given out");
  const refused = await install(admin, reinstall, { package: { url: `${origin}/canary.tgz`, username, password: wrong }, parameters: booterParameters(two) }, two);
  expectState("an install whose package isn't given out", refused.install, "failed");
  await admin.call("POST", `${reinstall}/preview`, anything, { package: { url: `${origin}/canary.tgz`, username, password: wrong } });

  const three = plantAll(world, "an image that reports");
  const image = await waited(world, ledger, objects, reinstall, { osType: null, package: null, image: { location: `${origin}/canary.raw`, format: "raw" }, confirmsFirstBoot: true }, three);
  const four = plantAll(world, "a medium");
  // It writes nothing itself: there is an image beneath it.
  const medium = await waited(world, ledger, objects, reinstall, { confirmsFirstBoot: false, installParameters: { floppy_image_path: `${origin}/canary.floppy`, boot_order: "floppy" } }, four);
  await refuse(world, name, origin);
  return [packaged, refused, image, medium];
}

function booterParameters({ word, remark, passphrase }: Planted) {
  return { public: { word }, private: { remark }, secret: { passphrase } };
}

/** An install that waits for a report: everything is looked at while secrets are served, and then somebody says that the system is up. */
async function waited(world: World, ledger: Ledger, objects: Objects, path: string, body: object, planted: Planted): Promise<Ended> {
  const admin = world.as("administrator");
  const waiting = await install(admin, path, { ...body, start: true, parameters: booterParameters(planted) }, planted, ({ step }) => Promise.resolve(step === "boot" || step === "medium"));
  expectState("an install that waits", waiting.install, "starting", "installing");
  await lookMeanwhile(world, ledger, { ...objects, install: waiting.installId, job: String(waiting.jobId) }, ["owner"]);
  await world.as("owner").call("POST", `/api/v1/installs/${waiting.installId}/confirm`, anything);
  const ended = { ...waiting, install: await admin.follow(waiting.installId) };
  expectState("an install that was said to be up", ended.install, "done");
  return ended;
}

/** Refused: in addresses, in the wrong place, too long, of a wrong type, by who may not. */
async function refuse(world: World, name: string, origin: string): Promise<void> {
  const { plants } = world;
  const at = `/api/v1/instances/${name}/reinstall`;
  const url = `${origin}/canary.tgz`;
  const plant = (what: string): string => plants.plant(what, "secret");
  const bodies: readonly object[] = [
    { package: { url: `https://anna:${plants.plantPlain("a password in a package's address", "secret")}@files.example.test/a.tgz` } },
    { image: { location: `https://anna:${plants.plantPlain("a password in an image's address", "secret")}@images.example.test/a.raw`, format: "raw" } },
    { installParameters: { cdrom_image_path: `https://anna:${plants.plantPlain("a password in a medium's address", "secret")}@images.example.test/a.iso` } },
    { package: { url, username: "anna", password: plant("a package's password, too long").repeat(40) } },
    { package: { url, username: "anna", password: `${plant("a package's password with a NUL")}\0` } },
    { package: { url, username: `anna:${plant("a package's user name with a colon")}`, password: "x" } },
    { package: { url, username: plant("a package's user name alone") } },
    { package: { url, username: "anna", password: [plant("a package's password of a wrong type")] } },
    { package: { url, user: plant("a package's user name by another field") } },
    { image: { location: `${origin}/canary.raw`, format: "raw", password: plant("an image's password") } },
  ];
  for (const body of bodies) {
    for (const path of [at, `${at}/preview`]) {
      const { status } = await world.as("owner").send("POST", path, body);
      if (status !== 400) throw new Error(`${path} with a source that can't be is answered with ${status}`);
    }
  }
  const { status } = await world.as("another owner").send("POST", at, { package: { url, username: plant("a user name of who may not"), password: plant("a password of who may not") } });
  if (status !== 404) throw new Error(`somebody else's reinstall is answered with ${status}`);
}

/** The instance of the other steps: back and forth, copied, exported and imported. It has its own system and parameters in the end. */
async function playAfterwards(world: World, { instance }: Objects): Promise<Omit<Sources, "installs">> {
  const admin = world.as("administrator");
  const owner = world.as("owner");
  const at = `/api/v1/instances/${instance}`;
  const does = async (path: string, body?: object): Promise<void> => {
    const { jobId } = await owner.call("POST", `${at}/${path}`, z.object({ jobId: z.number() }), body);
    await jobSucceeds(admin, jobId);
  };
  for (const _ of ["back", "and forth"]) await does("rollback", { graceSeconds: 0, start: false });
  await does("snapshots", { name: "canary" });
  await does("snapshots/canary/restore");
  const { exportId, ...exported } = await owner.call("POST", `${at}/export`, z.object({ installId: z.string(), exportId: z.string() }));
  expectState("an export", await admin.follow(exported.installId), "done");
  const planted = plantAll(world, "an import");
  const accepted = await admin.call("POST", "/api/v1/instance-imports", acceptedSchema, {
    exportId,
    name: `${instance}-imported`,
    owner: world.accounts.owner.name,
    start: false,
    parameters: { private: { remark: planted.remark }, secret: { passphrase: planted.passphrase } },
  });
  const imported = { ...planted, ...accepted, install: await admin.follow(accepted.installId) };
  expectState("an import", imported.install, "done");
  return { exportId, imported };
}

/** An archive of one file, as tar writes it. */
function tarOf(name: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number): void => void header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(name, 0, "latin1");
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(text.length, 124, 12);
  octal(0, 136, 12);
  header.write("        0", 148, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  octal(header.reduce((sum, byte) => sum + byte, 0), 148, 7);
  const content = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  content.write(text, "latin1");
  return Buffer.concat([header, content, Buffer.alloc(1_024)]);
}
