import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** What a program that reads what somebody else has written may use. */
export interface ProcessLimits {
  /** Address space. */
  readonly memoryMib: number;
  /** Processor time, seconds. */
  readonly cpuSeconds: number;
  /** The largest file that it may write; 0: none. */
  readonly fileBytes: number;
}

/** What the programs need of an environment, and nothing of ours. Their words are compared, so they are English. */
const ENVIRONMENT = { NODE_ENV: "production", PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", MALLOC_ARENA_MAX: "2" } as const;
/** The most of its complaints that is kept, for the log. */
const COMPLAINT_BYTES = 4_096;

/** A program within limits, which doesn't outlive the thread that started it. */
function limitedCommand(program: string, args: readonly string[], { memoryMib, cpuSeconds, fileBytes }: ProcessLimits): readonly [string, ...string[]] {
  // A thread's stack is as large as the limit of the first one's.
  const limits = ["--core=0", "--stack=1048576", `--as=${String(memoryMib * 1_048_576)}`, `--cpu=${String(cpuSeconds)}`, `--fsize=${String(fileBytes)}`, "--nofile=64"];
  return ["setpriv", "--pdeathsig", "KILL", "--", "prlimit", ...limits, "--", program, ...args];
}

export interface Ended {
  /** Null: a signal ended it. */
  readonly status: number | null;
  /** What it said on stderr. For the log and for telling failures apart: parts of it may be chosen by whoever made the input. */
  readonly complaint: string;
}

/** Starts a filter: what is written to it comes out changed. `ended` rejects where it can't be started. */
export function startFilter(program: string, args: readonly string[], limits: ProcessLimits): { readonly child: ChildProcessByStdio<Writable, Readable, Readable>; readonly ended: Promise<Ended> } {
  const [command, ...rest] = limitedCommand(program, args, limits);
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"], env: ENVIRONMENT, cwd: "/" });
  return { child, ended: endOf(child) };
}

/**
 * Runs a program to its end. With the signal's abort it is killed, and is gone when this returns.
 *
 * @returns at most `mostOutput` bytes of its stdout; more ends it
 */
export async function runLimited(program: string, args: readonly string[], limits: ProcessLimits, signal: AbortSignal, mostOutput = 65_536): Promise<Ended & { readonly output: string }> {
  const [command, ...rest] = limitedCommand(program, args, limits);
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"], env: ENVIRONMENT, cwd: "/" });
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  const output: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (piece: Buffer) => {
    length += piece.length;
    if (length > mostOutput) kill();
    else output.push(piece);
  });
  try {
    return { ...(await endOf(child)), output: Buffer.concat(output).toString("utf8") };
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
    complaint = (complaint + piece).slice(0, COMPLAINT_BYTES);
  });
  child.on("error", reject);
  child.on("close", (status) => resolve({ status, complaint }));
  // Whoever reads its output meets the failure there first.
  promise.catch(() => undefined);
  return promise;
}
