import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { ProcessIdentity } from "./identity.ts";
import { identifyProcess, isRunning } from "./identity.ts";
import { stopProcess } from "./stop.ts";

/** A process that goes on when the command that started it has ended. */
export interface DaemonSpec {
  /** Letters, digits and hyphens: names its log and its record. */
  readonly name: string;
  /** Absolute. For this Node, unless `socket` is given: then one that runs by itself. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What must be the same for a process that already runs to be kept. */
  readonly version: string;
  /** Milliseconds until it must have said that it is ready. */
  readonly readyTimeoutMs: number;
  /** Where a program that isn't Node's takes connections once it is ready. */
  readonly socket?: string;
}

export interface DaemonPlace {
  /** Holds a record for each daemon. */
  readonly runDirectory: string;
  readonly logDirectory: string;
}

const recordSchema = z.strictObject({
  pid: z.number().int().min(2),
  startTicks: z.string(),
  bootId: z.string(),
  version: z.string(),
});
type DaemonRecord = z.infer<typeof recordSchema>;

/** Milliseconds that a daemon has to end by itself: it lets requests and jobs in progress end first. */
const STOP_MS = 30_000;
const LOOK_EVERY_MS = 20;

/**
 * Starts a daemon and waits until it says that it is ready, or finds it running in the same version; one of another version
 * is stopped first.
 *
 * A daemon says so by a message over the channel that Node gives a child: `process.send({ type: "ready" })`, and then lets go
 * of the channel by `process.disconnect()`; one that isn't Node's by taking connections at a socket that it has made. Its output goes to a log
 * that only its user can read.
 */
export async function ensureDaemon(spec: DaemonSpec, place: DaemonPlace): Promise<{ identity: ProcessIdentity; started: boolean }> {
  const running = findDaemon(spec.name, place);
  if (running !== null) {
    if (running.version === spec.version) return { identity: running, started: false };
    await stopDaemon(spec.name, place);
  }
  return { identity: await startDaemon(spec, place), started: true };
}

/** The daemon of this name, if it runs. */
export function findDaemon(name: string, place: DaemonPlace): DaemonRecord | null {
  const file = recordFile(name, place);
  if (!existsSync(file)) return null;
  const record = recordSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  return isRunning(record) ? record : null;
}

/** Stops a daemon, if it runs, and forgets it. */
export async function stopDaemon(name: string, place: DaemonPlace): Promise<"not running" | "stopped" | "killed"> {
  const running = findDaemon(name, place);
  const result = running === null ? "not running" : await stopProcess(running, { graceMs: STOP_MS });
  rmSync(recordFile(name, place), { force: true });
  return result;
}

export function logFile(name: string, place: DaemonPlace): string {
  return path.join(place.logDirectory, `${name}.log`);
}

async function startDaemon(spec: DaemonSpec, place: DaemonPlace): Promise<ProcessIdentity> {
  mkdirSync(place.logDirectory, { recursive: true, mode: 0o700 });
  const log = openSync(logFile(spec.name, place), "a", 0o600);
  const { socket } = spec;
  const command = socket === undefined ? [process.execPath, spec.program] : [spec.program];
  const before = socket === undefined ? null : markOf(socket);
  const child = spawn("prlimit", ["--core=0:0", "--", ...command, ...spec.args], {
    cwd: spec.cwd,
    env: spec.environment,
    stdio: ["ignore", log, log, ...(socket === undefined ? (["ipc"] as const) : [])],
    detached: true,
  });
  closeSync(log);
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      reject(new Error(`${spec.name} has ended (${signal ?? `status ${code ?? "unknown"}`}), see ${logFile(spec.name, place)}\n${lastLines(logFile(spec.name, place))}`));
    });
  });
  const over = new AbortController();
  const ready = socket === undefined ? saysReady(child) : takesConnections(socket, before, over.signal);
  // Before anything is awaited: from here on the process is known, whatever happens to this one.
  const identity = child.pid === undefined ? null : identifyProcess(child.pid);
  if (identity !== null) writeRecord(spec, place, identity);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${spec.name} isn't ready after ${spec.readyTimeoutMs / 1_000} s, see ${logFile(spec.name, place)}`));
    }, spec.readyTimeoutMs);
  });
  try {
    await Promise.race([ready, failed, late]);
  } catch (error) {
    await stopDaemon(spec.name, place);
    throw error;
  } finally {
    clearTimeout(timer);
    over.abort();
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
    // Whether it ended meanwhile is for its record to say.
    failed.catch(() => undefined);
  }
  if (identity === null) throw new Error(`${spec.name} has ended, see ${logFile(spec.name, place)}`);
  return identity;
}

function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on("message", (message: unknown) => {
      if (typeof message === "object" && message !== null && "type" in message && message.type === "ready") resolve();
    });
  });
}

/**
 * Nothing tells when somebody begins to listen, so it is tried. A socket that an earlier process left behind refuses, or, where part of
 * that process still runs and is to be taken over, answers for it: only one that was made anew counts.
 */
async function takesConnections(socket: string, before: string | null, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    if (markOf(socket) === before) {
      await delay(LOOK_EVERY_MS);
      continue;
    }
    const connection = connect(socket);
    const isTaken = await once(connection, "connect").then(() => true, () => false);
    connection.destroy();
    if (isTaken) return;
    await delay(LOOK_EVERY_MS);
  }
}

/** Tells a file from another of its name; null: there is none. */
function markOf(file: string): string | null {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino} ${stat.ctimeNs}`;
}

function writeRecord(spec: DaemonSpec, place: DaemonPlace, identity: ProcessIdentity): void {
  const file = recordFile(spec.name, place);
  const record: DaemonRecord = { ...identity, version: spec.version };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function recordFile(name: string, place: DaemonPlace): string {
  return path.join(place.runDirectory, `${name}.json`);
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}
