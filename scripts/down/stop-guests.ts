import { readdirSync, readlinkSync, realpathSync } from "node:fs";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { ProcessIdentity } from "#scripts/process/identity.ts";
import { identifyProcess } from "#scripts/process/identity.ts";
import { stopProcess, waitForEnd } from "#scripts/process/stop.ts";

/** Milliseconds that a guest has to shut its system down once its power button is pressed. */
const SHUTDOWN_MS = 20_000;
/** Milliseconds that QEMU has to write back what it holds. */
const QUIT_MS = 5_000;

interface Guest {
  readonly identity: ProcessIdentity;
  readonly directory: string;
}

/**
 * Stops the virtual machines of an agent that doesn't run any more: they outlive it on purpose. Each gets its power button
 * pressed and time to shut down; one that doesn't is ended.
 *
 * @param agentDirectory QEMU and its helpers work in directories below it
 * @returns how many there were.
 */
export async function stopGuests(agentDirectory: string): Promise<number> {
  if (!existsSync(agentDirectory)) return 0;
  const below = `${realpathSync(agentDirectory)}/`;
  const guests = readdirSync("/proc").flatMap((name): Guest[] => {
    const pid = Number(name);
    const directory = Number.isInteger(pid) ? workingDirectory(pid) : null;
    const identity = directory?.startsWith(below) === true ? identifyProcess(pid) : null;
    return identity === null || directory === null ? [] : [{ identity, directory }];
  });
  const machines = guests.filter((guest) => existsSync(path.join(guest.directory, MONITOR)));
  await Promise.all(
    machines.map(async ({ identity, directory }) => {
      const pressed = await pressPowerButton(path.join(`/proc/${identity.pid}/cwd`, MONITOR)).catch(() => false);
      if (pressed && (await waitForEnd(identity, SHUTDOWN_MS))) return;
      await stopProcess(identity, { graceMs: QUIT_MS });
    }),
  );
  // Helpers end with their machine; one that lost it earlier is ended here.
  await Promise.all(guests.map(({ identity }) => stopProcess(identity, { graceMs: QUIT_MS })));
  return machines.length;
}
