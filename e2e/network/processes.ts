import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** As the kernel knows it: at most 15 characters. */
  readonly name: string;
  readonly state: string;
}

/** The processes of this namespace. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [, comm = "", state = "", parent = ""] = /\((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
        return [{ pid: Number(name), parent: Number(parent), name: comm, state }];
      } catch {
        // It has gone meanwhile.
        return [];
      }
    });
}

/** The words that each process was started with. */
export function commandLines(): string[][] {
  return listProcesses().map(({ pid }) => readEntry(pid, "cmdline").split("\0"));
}

/** What is in a file of a process's folder; nothing where it has gone meanwhile. */
export function readEntry(pid: number, name: "cmdline" | "environ" | "mountinfo"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** A process's children and theirs, the nearest first. */
export function descendantsOf(pid: number): ProcessEntry[] {
  const all = listProcesses();
  const found: ProcessEntry[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const next = all.filter(({ parent }) => parents.includes(parent));
    found.push(...next);
    parents = next.map((one) => one.pid);
  }
  return found;
}

/** Bytes of memory that a process has at this moment. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1_024;
}

/**
 * Waits for something that nothing tells of: a process, an interface, a route.
 *
 * @throws Error that names `what` after `timeoutMs`
 */
export async function until<T>(what: string, look: () => T | null | Promise<T | null>, timeoutMs = 20_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(50);
  }
}
