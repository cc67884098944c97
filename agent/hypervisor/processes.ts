import { readdir, readFile, readlink } from "node:fs/promises";
import { hasErrnoCode } from "../files.ts";

/** A process, told apart from another that gets the same number later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot. */
  readonly startTicks: number;
}

/** The process that has a number now, or null. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; the rest begins after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return null;
    return { pid, startTicks: Number(fields[19]) };
  } catch {
    return null;
  }
}

export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await identify(process.pid))?.startTicks === process.startTicks;
}

/** Sends SIGKILL to a process, if it is still that one. */
export async function kill(target: ProcessIdentity): Promise<void> {
  if (!(await isAlive(target))) return;
  try {
    process.kill(target.pid, "SIGKILL");
  } catch (error) {
    if (!hasErrnoCode(error, "ESRCH")) throw error;
  }
}

const POLL_MS = 25;

/**
 * Resolves when a process is gone. For one that isn't a child of ours the kernel tells nobody, so this looks; it is called
 * when there is a sign that the end is near.
 */
export async function waitUntilGone(target: ProcessIdentity): Promise<void> {
  while (await isAlive(target)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Ends the youngest processes that work in a folder, so that `most` are left beside `keep`. Returns how many it ended. */
export async function endBeyond(folder: string, keep: ProcessIdentity, most: number): Promise<number> {
  const others = (await processesIn(folder)).filter(({ pid }) => pid !== keep.pid);
  const excess = others.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid).slice(most);
  await Promise.all(excess.map(kill));
  return excess.length;
}

/** Every process of ours that works in a folder: QEMU and what it started. */
export async function processesIn(folder: string): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if ((await readlink(`/proc/${name}/cwd`)) !== folder) continue;
    } catch {
      // Another user's, or gone meanwhile.
      continue;
    }
    const identity = await identify(Number(name));
    if (identity !== null) found.push(identity);
  }
  return found;
}
