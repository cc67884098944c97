import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { resultSchema } from "./messages.ts";
import type { FuzzResult } from "./messages.ts";
import { CASE_MS } from "./target.ts";

/** MiB of the heap that the process with the cases has. */
const HEAP_MIB = 256;
/** MiB that it may have altogether: interpreter, heap, what zlib asks for, and one archive's bytes a few times. */
const RSS_MIB = 512;
const LOOK_MS = 200;
/** A case that goes on for so long is ended: it can't end itself. */
const HANGING_MS = 4 * CASE_MS;

export interface WatchedRun extends FuzzResult {
  readonly peakRssMib: number;
  /** Number of the case that failed; null: none. */
  readonly failedCase: number | null;
}

interface Watch {
  peakRssMib: number;
  /** Why the process was ended; null: it wasn't. */
  problem: string | null;
  lastCase: number;
  /** When that case was first seen. */
  since: number;
}

/** Runs a target's cases in a process of their own, with limits on its memory, and watches it. */
export async function watchRun(target: string, seed: number, seconds: number): Promise<WatchedRun> {
  const scratch = await mkdtemp(path.join(tmpdir(), "slipway-fuzz-"));
  const file = path.join(scratch, "case");
  try {
    const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, path.join(import.meta.dirname, "run.ts"), target, String(seed), String(seconds), file], { stdio: ["ignore", "pipe", "inherit"] });
    const watch: Watch = { peakRssMib: 0, problem: null, lastCase: -1, since: performance.now() };
    const timer = setInterval(() => {
      void look(child.pid, file, watch).then((problem) => {
        if (problem === null || watch.problem !== null) return;
        watch.problem = problem;
        child.kill("SIGKILL");
      });
    }, LOOK_MS);
    const ended = new Promise<string>((resolve) => child.once("close", (status, signal) => resolve(signal ?? String(status))));
    const [said, how] = await Promise.all([text(child.stdout), ended]);
    clearInterval(timer);
    const last = await caseOf(file);
    const result = said === "" ? { executions: last, outcomes: 0, slowestMs: 0, problem: watch.problem ?? `the process ended with ${how}` } : resultSchema.parse(JSON.parse(said));
    return { ...result, peakRssMib: watch.peakRssMib, failedCase: result.problem === null ? null : last };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** What is wrong with the process as it is now; null: nothing. */
async function look(pid: number | undefined, file: string, watch: Watch): Promise<string | null> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, "latin1").catch(() => "");
  const peak = Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024);
  watch.peakRssMib = Math.max(watch.peakRssMib, peak);
  if (peak > RSS_MIB) return `the process has taken ${peak} MiB of memory`;
  const current = await caseOf(file);
  if (current !== watch.lastCase) Object.assign(watch, { lastCase: current, since: performance.now() });
  return performance.now() - watch.since > HANGING_MS ? `it didn't end in ${HANGING_MS} ms` : null;
}

async function caseOf(file: string): Promise<number> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  return bytes.length < 8 ? 0 : Number(bytes.readBigUInt64LE());
}
