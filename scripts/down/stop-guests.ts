import { existsSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { ProcessIdentity } from "#scripts/process/identity.ts";
import { identifyProcess } from "#scripts/process/identity.ts";
import { stopProcess, waitForEnd } from "#scripts/process/stop.ts";

/** Milliseconds that a guest has to shut its system down once its power button is pressed. */
const SHUTDOWN_MS = 20_000;
/** Milliseconds that QEMU has to write back what it holds. */
const QUIT_MS = 5_000;

/** QEMU's monitor, in the directory of a guest: agent/hypervisor/qemu-arguments.ts. */
const MONITOR = "run/qmp.sock";

export interface GuestProcess {
  readonly identity: ProcessIdentity;
  /** QEMU itself, not a helper of it. */
  readonly isMachine: boolean;
}

/** The processes of guests that run in directories of this agent, whoever started them. */
export function findGuests(agentDirectory: string): GuestProcess[] {
  if (!existsSync(agentDirectory)) return [];
  const below = `${realpathSync(agentDirectory)}/`;
  return readdirSync("/proc").flatMap((name): GuestProcess[] => {
    const pid = Number(name);
    const directory = Number.isInteger(pid) ? readLink(`/proc/${pid}/cwd`) : null;
    const identity = directory?.startsWith(below) === true ? identifyProcess(pid) : null;
    return identity === null ? [] : [{ identity, isMachine: path.basename(readLink(`/proc/${pid}/exe`) ?? "").startsWith("qemu-system") }];
  });
}

/**
 * Stops the virtual machines of an agent that doesn't run any more: they outlive it on purpose. Each gets its power button
 * pressed and time to shut down; one that doesn't is ended.
 *
 * @param agentDirectory QEMU and its helpers work in directories below it
 * @returns how many there were.
 */
export async function stopGuests(agentDirectory: string): Promise<number> {
  const guests = findGuests(agentDirectory);
  const machines = guests.filter(({ isMachine }) => isMachine);
  await Promise.all(
    machines.map(async ({ identity }) => {
      // By way of the process: the directory's own path may be too long for a socket's address.
      const pressed = await pressPowerButton(`/proc/${identity.pid}/cwd/${MONITOR}`);
      if (pressed && (await waitForEnd(identity, SHUTDOWN_MS))) return;
      await stopProcess(identity, { graceMs: QUIT_MS });
    }),
  );
  // Helpers end with their machine; one that lost it earlier is ended here.
  await Promise.all(guests.map(({ identity }) => stopProcess(identity, { graceMs: QUIT_MS })));
  return machines.length;
}

function readLink(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    // Gone, or somebody else's.
    return null;
  }
}

/** Whether the monitor took it. */
async function pressPowerButton(monitor: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(monitor);
    const end = (pressed: boolean): void => {
      socket.destroy();
      resolve(pressed);
    };
    let answers = "";
    socket.setTimeout(QUIT_MS, () => end(false));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    socket.on("connect", () => socket.write('{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}'));
    socket.on("data", (chunk) => {
      answers += chunk.toString();
      // One answer to each command; either may be an error.
      if (answers.includes('"error"')) end(false);
      else if (answers.split('"return"').length === 3) end(true);
    });
  });
}
