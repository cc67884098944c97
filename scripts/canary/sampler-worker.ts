/**
 * Looks at every process of this machine as often as it can, until it is told to stop: command line and environment of each,
 * read anew while it is young, because a program is exchanged for another soon after its start, and now and then afterwards.
 * What it reads is kept, for a scan at the end: what is planted later is looked for in it too.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { ProcessSamples, SampledText } from "./sample-processes.ts";

/** A process is young for so long. Milliseconds, as all below. */
const YOUNG = 500;
const READ_AGAIN_AFTER = 1_000;
/** Between two rounds: the processors are for what is looked at. */
const PAUSE = 2;

interface Known {
  readonly since: number;
  readAt: number;
  isReadable: boolean;
}

/** SLIPWAY_HOME of the stack. */
const home = String(workerData);
const processes = new Map<string, Known>();
const texts = new Map<string, SampledText>();
const mayDump = new Set<string>();
const counts = { rounds: 0, reads: 0, processes: 0, unreadable: 0 };
let round: "going on" | "last" = "going on";

function read(pid: string, part: string): Buffer | null {
  try {
    return readFileSync(`/proc/${pid}/${part}`);
  } catch {
    // It has ended, or belongs to somebody else.
    return null;
  }
}

function keep(part: SampledText["part"], program: string, content: Buffer): void {
  if (content.length === 0) return;
  const key = createHash("sha256").update(part).update(content).digest("base64");
  if (!texts.has(key)) texts.set(key, { part, program, content });
}

/** The program's name, and for a script of ours which. */
function programOf(commandLine: Buffer): string {
  const [program = "", ...args] = commandLine.toString("utf8").split("\0");
  const name = program.split("/").at(-1) ?? "";
  const script = name === "node" ? args.find((argument) => /\.[cm]?[jt]s$/.test(argument)) : undefined;
  return script === undefined ? name : script.split("/").slice(-2).join("/");
}

function look(pid: string, known: Known): void {
  const commandLine = read(pid, "cmdline");
  const environment = read(pid, "environ");
  if (commandLine === null || environment === null) return;
  // Between its birth and its first program it is still what its parent was; a kernel thread has neither.
  if (commandLine.length === 0) return;
  counts.reads++;
  known.isReadable = true;
  const program = programOf(commandLine);
  keep("command line", program, commandLine);
  keep("environment", program, environment);
  // The hard limit: with the soft one alone it could allow itself to.
  const core = /^Max core file size\s+\S+\s+(\S+)/m.exec(read(pid, "limits")?.toString("utf8") ?? "")?.[1];
  if (core !== undefined && core !== "0" && isOfStack(pid, commandLine, environment)) mayDump.add(program);
}

/** Other stacks may run on this machine. */
function isOfStack(pid: string, commandLine: Buffer, environment: Buffer): boolean {
  return commandLine.includes(home) || environment.includes(home) || folderOf(pid).startsWith(home);
}

function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

function lookAtAll(): void {
  const now = performance.now();
  const there = new Set(readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid));
  for (const pid of processes.keys()) if (!there.has(pid)) forget(pid);
  for (const pid of there) {
    const known = processes.get(pid) ?? { since: now, readAt: Number.NEGATIVE_INFINITY, isReadable: false };
    processes.set(pid, known);
    if (now - known.since > YOUNG && now - known.readAt < READ_AGAIN_AFTER) continue;
    known.readAt = now;
    look(pid, known);
  }
  counts.rounds++;
}

function forget(pid: string): void {
  counts.processes++;
  if (processes.get(pid)?.isReadable === false) counts.unreadable++;
  processes.delete(pid);
}

const port = parentPort;
if (port === null) throw new Error("this runs as a worker");
port.on("message", (message: unknown) => {
  if (message === "stop") round = "last";
  else {
    // Everything that stands now has been read when this is answered.
    for (const known of processes.values()) known.readAt = Number.NEGATIVE_INFINITY;
    lookAtAll();
    port.postMessage("looked");
  }
});
// Read through a function: the compiler doesn't see that a message changes it.
const isLast = (): boolean => round === "last";
while (!isLast()) {
  lookAtAll();
  await delay(PAUSE);
}
for (const pid of [...processes.keys()]) forget(pid);
const samples: ProcessSamples = { ...counts, texts: [...texts.values()], mayDump: [...mayDump].toSorted() };
port.postMessage(samples);
port.close();
