/** The states of an install in which something is broken, and how each is reached and left again. */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { writeTar } from "#lib/domain/write-tar.ts";
import { acceptedSchema } from "../client.ts";
import { type Begun, DISK_MIB, type FaultWorld } from "./world.ts";

export interface FaultState {
  /** Begins an install and resolves when it is in the state. */
  readonly begin: (world: FaultWorld) => Promise<Begun>;
  /** Lets it go on, if it is there still. */
  readonly release: (world: FaultWorld, begun: Begun) => Promise<void>;
}

const IMAGE_MIB = 8;

/** A disk from which nothing boots. */
const SILENT = Buffer.alloc(1_048_576, 1);

/** What the victim's first disk begins with when the new system is there. */
export function markOf(state: string, { word }: Begun): string {
  return state === "starting" ? SILENT.subarray(0, 8).toString() : `marked-by-${word}`;
}

/** Until the log has a line. */
async function untilSaid({ admin }: FaultWorld, begun: Begun, text: string): Promise<Begun> {
  const end = await admin.follow(begun.installId, async ({ id }) => (await admin.log(id)).some((line) => line.text?.includes(text) === true));
  if (end.error !== null) throw new Error(`the install has ended before it was where it should be: ${end.error.message}`);
  return begun;
}

async function untilState({ admin }: FaultWorld, begun: Begun, state: string): Promise<Begun> {
  const end = await admin.follow(begun.installId, (install) => install.state === state);
  // One that is over at once has been there too: what holds afterwards is the same.
  if (end.error !== null) throw new Error(`the install has ended before it was where it should be: ${end.error.message}`);
  return begun;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Instances that take the node's places for installs, so that the next one waits. */
async function fillPlaces(world: FaultWorld): Promise<string[]> {
  const names = [1, 2].map((number) => `holder-${number}-${randomBytes(3).toString("hex")}.example.org`);
  for (const name of names) {
    const body = { name, osType: "holder+default", memoryMib: 128, disks: [{ sizeMib: DISK_MIB }], start: false, parameters: { public: { hold: "create" }, secret: { passphrase: "s-holder" } } };
    const { installId } = await world.admin.call("POST", "/api/v1/instances", acceptedSchema, body);
    await untilSaid(world, { jobId: 0, installId, word: "", secret: "" }, "waiting in create");
  }
  return names;
}

/** Instances of `queued` that are there still: whatever became of their installs, they go. */
export async function removeHolders(world: FaultWorld): Promise<void> {
  const { items } = await world.admin.call("GET", "/api/v1/instances?search=holder-&limit=50", z.object({ items: z.array(z.object({ name: z.string(), lockedByJobId: z.number().nullable().optional() })) }));
  for (const { name } of items) {
    const { lockedByJobId } = await world.admin.call("GET", `/api/v1/instances/${name}`, z.object({ lockedByJobId: z.number().nullable() }));
    if (lockedByJobId !== null) {
      await world.admin.send("POST", `/api/v1/jobs/${lockedByJobId}/cancel`);
      await world.jobEnds(lockedByJobId);
    }
    const { jobId } = await world.admin.call("DELETE", `/api/v1/instances/${name}`, z.object({ jobId: z.number() }));
    await world.jobEnds(jobId);
  }
}

export const STATES: Readonly<Record<string, FaultState>> = {
  // By the controller: the node may not know of it yet, and nobody but one process knows its secrets.
  accepted: { begin: (world) => world.reinstall({}), release: nothing },
  // By the node, which installs as many systems at once as it can.
  queued: {
    begin: async (world) => {
      await fillPlaces(world);
      return untilSaid(world, await world.reinstall({}), "Waiting: the node installs");
    },
    release: (world) => removeHolders(world),
  },
  preparing: {
    begin: async (world) => untilSaid(world, await world.reinstall({}, { hold: "verify" }), "waiting in verify"),
    release: (world) => world.sayGo(),
  },
  imaging: {
    begin: async (world) => {
      const location = world.server.offer("/held.raw", { bytes: randomBytes(IMAGE_MIB * 1_048_576), holds: true });
      const image = { location, format: "raw", compression: "none", checksum: null };
      const held = world.server.held();
      const begun = await world.reinstall({ image });
      await held;
      return untilState(world, begun, "imaging");
    },
    release: (world) => {
      world.server.release();
      return Promise.resolve();
    },
  },
  installing: {
    begin: async (world) => untilSaid(world, await world.reinstall({}, { hold: "create" }), "waiting in create"),
    release: (world) => world.sayGo(),
  },
  personalizing: {
    begin: async (world) => {
      const url = world.server.offer("/package.tar.gz", { bytes: gzipSync(writeTar([{ path: "etc/hello", mode: 0o644, content: Buffer.from("hello\n") }])), holds: false });
      return untilState(world, await world.reinstall({ package: { url } }), "personalizing");
    },
    release: nothing,
  },
  verifying: {
    begin: async (world) => untilState(world, await world.reinstall({}), "verifying"),
    release: nothing,
  },
  starting: {
    begin: async (world) => {
      // It says nothing, so that the install waits for its word.
      const location = world.server.offer("/silent.raw", { bytes: SILENT, holds: false });
      const image = { location, format: "raw", compression: "none", checksum: null };
      return untilState(world, await world.reinstall({ osType: null, image, confirmsFirstBoot: true }), "starting");
    },
    release: async (world, { installId }) => {
      await world.admin.send("POST", `/api/v1/installs/${installId}/confirm`, {});
    },
  },
};
