/** What is done to a stack in the middle of an install, and what may become of the install. */
import { readdirSync, readlinkSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import path from "node:path";
import { listProcesses } from "../network/processes.ts";
import { withDatabase } from "../canary/read-everything.ts";
import type { Begun, FaultWorld } from "./world.ts";

export interface Fault {
  /** Breaks it, and puts together again what somebody who looks after the machine would. */
  readonly strike: (world: FaultWorld, begun: Begun) => Promise<void>;
  /** How the install may end, by state; left out: in any way that is the truth. `going on` is what a fault may not change. */
  readonly allows?: (state: string) => readonly string[];
  /** What the machine has to be for it; null: nothing. */
  readonly needs?: (world: FaultWorld) => string | null;
}

const GOES_ON = ["done"];
/** Seconds after which a lease that nobody renews is over, for the agent and for the controller (lib/installs/lease.ts). */
const LEASE_OVER_SECONDS = 100;

function killNow(pid: number): void {
  process.kill(pid, "SIGKILL");
}

/** QEMU's processes that work in a folder of the victim's. */
export async function guestsOf(world: FaultWorld): Promise<number[]> {
  const { id } = await world.instance();
  const folder = path.join(given(world.stack.agents[0]).dataDir, "instances", id);
  return listProcesses()
    .filter(({ name, state }) => name.startsWith("qemu-system") && state !== "Z")
    .filter(({ pid }) => workingFolder(pid).startsWith(folder))
    .map(({ pid }) => pid);
}

/** Where a process works; nothing of one that has gone. */
export function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

export function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the stack has no agent");
  return value;
}

/** Leaves no byte on the filesystem of a folder while `meanwhile` goes on. The folder must have a small one of its own. */
async function fill(folder: string, meanwhile: () => Promise<void>): Promise<void> {
  const ballast = path.join(folder, ".ballast");
  try {
    for (let size = 64 * 1_048_576; size >= 4_096; size = Math.floor(size / 2)) {
      const chunk = Buffer.alloc(size, 7);
      try {
        for (;;) writeFileSync(ballast, chunk, { flag: "a" });
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    }
    await meanwhile();
  } finally {
    rmSync(ballast, { force: true });
  }
}

/** Whether a folder has a filesystem so small that it can be filled without harm to anybody. */
function isSmall(folder: string): boolean {
  const { bsize, blocks } = statfsSync(folder);
  return bsize * blocks <= 4 * 1_073_741_824;
}

/** A disk that is full for as long as the install would have taken, and then not any more. */
function fullDisk(folderOf: (world: FaultWorld) => string): Fault {
  return {
    needs: (world) => (isSmall(folderOf(world)) ? null : "a small filesystem of its own, which root can give it"),
    strike: (world, begun) =>
      fill(folderOf(world), async () => {
        await world.sayGo().catch(() => undefined);
        world.server.release();
        // Nothing that has no room can be counted on to say that it is over: this is how long somebody takes to come and see.
        await Promise.race([delay(15_000), world.admin.follow(begun.installId).catch(() => undefined)]);
      }),
  };
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  // What carries out jobs is the same process as what takes them in, where `up` started it.
  "controller and worker": {
    allows: (state) => (state === "accepted" ? ["done", "failed"] : GOES_ON),
    strike: async (world) => {
      killNow(world.pid("controller"));
      await world.up();
    },
  },
  agent: {
    // What it had committed to goes on, what it hadn't is taken back.
    allows: (state) => (state === "starting" ? GOES_ON : ["done", "failed"]),
    strike: async (world) => {
      killNow(world.pid("agent"));
      await world.up();
    },
  },
  QEMU: {
    strike: async (world) => {
      for (const pid of await guestsOf(world)) killNow(pid);
    },
  },
  PostgreSQL: {
    allows: (state) => (state === "accepted" ? ["done", "failed"] : GOES_ON),
    strike: async (world) => {
      killNow(world.pid("postgres"));
      await world.up();
    },
  },
  "a cut of the network": {
    allows: (state) => (state === "accepted" ? ["done", "failed"] : GOES_ON),
    strike: async (world) => {
      world.proxy.cut();
      await delay(5_000);
      world.proxy.mend();
    },
  },
  "a cut until the lease is over": {
    allows: (state) => (state === "starting" ? GOES_ON : ["done", "failed"]),
    strike: async (world) => {
      world.proxy.cut();
      await delay(LEASE_OVER_SECONDS * 1_000);
      world.proxy.mend();
    },
  },
  "controller, agent and PostgreSQL at once": {
    allows: (state) => (state === "starting" ? GOES_ON : ["done", "failed"]),
    strike: async (world) => {
      for (const name of ["controller", "agent", "postgres"]) killNow(world.pid(name));
      await world.up();
    },
  },
  cancellation: {
    allows: () => ["done", "cancelled"],
    strike: async (world, { jobId }) => {
      await world.admin.send("POST", `/api/v1/jobs/${jobId}/cancel`);
    },
  },
  deletion: {
    // Refused as long as the install holds the instance.
    allows: () => GOES_ON,
    strike: async (world) => {
      const { status } = await world.admin.send("DELETE", `/api/v1/instances/${world.name}`);
      if (status !== 409) throw new Error(`a deletion during an install is answered with ${status}`);
    },
  },
  "a second reinstall": {
    allows: () => GOES_ON,
    strike: async (world) => {
      const { status } = await world.admin.send("POST", `/api/v1/instances/${world.name}/reinstall`, { osType: "holder+default", parameters: { public: { hold: "nowhere" }, secret: { passphrase: "s-second" } } });
      if (status !== 409) throw new Error(`a second reinstall is answered with ${status}`);
    },
  },
  "a full disk under the agent": fullDisk((world) => given(world.stack.agents[0]).dataDir),
  "a full disk under PostgreSQL": fullDisk((world) => path.join(world.stack.home, "postgres")),
  "a full disk under the controller": fullDisk((world) => path.join(world.stack.home, "blobs")),
};

/** Rows that stay when an install is over: locks, values, leases, tasks. */
export async function leftInDatabase(world: FaultWorld, { jobId, installId }: Begun): Promise<string[]> {
  return withDatabase(world.stack.databaseUrl, async (client) => {
    const left: string[] = [];
    const count = async (what: string, text: string, values: readonly unknown[]): Promise<void> => {
      const { rows } = await client.query<{ count: string }>(text, [...values]);
      if (rows[0]?.count !== "0") left.push(what);
    };
    await count("a lock on the instance", "SELECT count(*) FROM instance WHERE locked_by_job_id = $1", [jobId]);
    await count("private values of the job", "SELECT count(*) FROM job_private_value WHERE job_id = $1", [jobId]);
    await count("a lease", "SELECT count(*) FROM install WHERE id = $1 AND lease_until IS NOT NULL", [installId]);
    await count("an address of the appliance's", "SELECT count(*) FROM network_address WHERE install_id = $1", [installId]);
    return left;
  });
}

/** Entries of a folder; none where it isn't there. */
export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
