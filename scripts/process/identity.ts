import { readFileSync } from "node:fs";

/** Which process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine's start at which the process began. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** The identity of a process that runs now; null if there is none with this number, or only its zombie. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const bootId = readIfThere("/proc/sys/kernel/random/boot_id");
  if (stat === null || bootId === null) return null;
  // The second field is the program's name in brackets and may hold anything; the others have neither bracket nor space.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === undefined || startTicks === undefined || state === "Z" || state === "X") return null;
  return { pid, startTicks, bootId: bootId.trim() };
}

export function isRunning(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== null && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Gone, or never there: the same to the one who asks.
    return null;
  }
}
