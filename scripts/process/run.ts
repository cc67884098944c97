import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the program. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds; then SIGTERM, and five seconds later SIGKILL, for the program and all that it started. */
  readonly timeoutMs: number;
  /** What the program reads from standard input; left out: nothing. */
  readonly input?: string;
  /** Called with each line of standard output and standard error. Without it they are kept and go into the error. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly code: number;
  /** Standard output alone. */
  readonly output: string;
  /** The last lines of both, for an error. */
  readonly tail: string;
}

const OUTPUT_LIMIT = 4_000_000;
const TAIL_LINES = 40;

/** How to tell each program that runs now that this process was told to end. */
const running = new Set<(signal: NodeJS.Signals) => void>();
const interruption = new AbortController();

/** Fires when this process is told to end. What runs then is ended, and its callers can still put things in order. */
export const interrupted: AbortSignal = interruption.signal;

/** Milliseconds within which another signal is the same one, by another way: to the whole group and through the parent. */
const SAME_SIGNAL_MS = 1_000;

/** Groups of their own don't get this process's signals by themselves. A second signal, or one while nothing runs, ends it at once. */
function listenForSignals(): void {
  if (process.listeners("exit").includes(endAll)) return;
  process.on("exit", endAll);
  let told = Number.NEGATIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (performance.now() - told < SAME_SIGNAL_MS) return;
      if (interrupted.aborted || running.size === 0) process.exit(128 + constants.signals[signal]);
      told = performance.now();
      interruption.abort();
      for (const tell of running) tell(signal);
    });
  }
}

function endAll(): void {
  for (const tell of running) tell("SIGTERM");
}

/** Waits for a program; a signal to this process meanwhile is told to it, and this process stays until it has ended. */
export async function whileRunning<T>(tell: (signal: NodeJS.Signals) => void, ended: Promise<T>): Promise<T> {
  listenForSignals();
  running.add(tell);
  try {
    return await ended;
  } finally {
    running.delete(tell);
  }
}

/**
 * Runs a program without a shell and waits for its end. Core dumps are off for it. A program that ends with another status
 * than 0 is a result, not an error; one that can't be started or takes too long is an error.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  // A group of its own, so that a program that takes too long goes with everything that it started.
  const child = spawn("prlimit", ["--core=0:0", "--", command, ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: options.environment ?? process.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  // A program that doesn't read all of it, or has ended, is no error of ours.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const tail: string[] = [];
  let output = "";
  const keep = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine?.(line);
  };
  eachLine(child.stdout, (line) => {
    if (output.length < OUTPUT_LIMIT) output += `${line}\n`;
    keep(line);
  });
  eachLine(child.stderr, keep);

  const endGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended by itself.
    }
  };
  const late = { is: false };
  const timers = [
    setTimeout(() => {
      late.is = true;
      endGroup("SIGTERM");
      timers.push(setTimeout(() => { endGroup("SIGKILL"); }, 5_000));
    }, options.timeoutMs),
  ];
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, signal) => { resolve(status ?? (signal === null ? 1 : 128)); });
    });
    const code = await whileRunning(() => { endGroup("SIGTERM"); }, ended);
    if (late.is) throw new Error(`${command} took longer than ${options.timeoutMs / 1_000} s and was ended\n${tail.join("\n")}`);
    return { code, output, tail: tail.join("\n") };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** As `run`, but any other status than 0 is an error with the program's last lines. */
export async function runOrFail(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code !== 0) throw new Error(`${command} ended with status ${result.code}\n${result.tail}`);
  return result;
}

/** Calls back with each whole line of a stream, the last one also without a line end. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}
