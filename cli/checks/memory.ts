import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { counted } from "../counted.ts";
import type { Finding } from "./finding.ts";
import { fail, ok, warn } from "./finding.ts";

/**
 * Whether the memory of processes that hold secrets can get onto a disk (design: visibility, "Core dumps are off for every
 * process … Memory that holds secrets is locked, or there is no swap, or `doctor` warns").
 */
export function checkMemory(upFile: string): readonly Finding[] {
  return [...checkProcesses(upFile), checkCorePattern(readFileSync("/proc/sys/kernel/core_pattern", "utf8")), checkSwap(readFileSync("/proc/swaps", "utf8"))];
}

const upSchema = z.object({ pids: z.record(z.string(), z.number().int().positive()) });
/** PostgreSQL has no private or secret value in it but encrypted. */
const WITHOUT_SECRETS = new Set(["postgres"]);

function checkProcesses(upFile: string): readonly Finding[] {
  const processes = [["this command", "self"] as const, ...started(upFile), ...guests()];
  const found = processes.flatMap(([name, pid]) => {
    const limits = readIfThere(`/proc/${pid}/limits`);
    return limits === null ? [warn(`${name} (process ${pid}) doesn't run any more`)] : [checkLimits(name, limits)];
  });
  const bad = found.filter(({ level }) => level !== "ok");
  if (bad.length > 0) return bad;
  const names = processes.map(([name]) => name).filter((name) => !name.startsWith("QEMU"));
  const running = processes.length - names.length;
  return [ok(`core dumps are off: ${[...names, ...(running === 0 ? [] : [counted(running, "virtual machine")])].join(", ")}`)];
}

/** What a process's `limits` in /proc says of core dumps. */
export function checkLimits(name: string, limits: string): Finding {
  const line = /^Max core file size\s+(\S+)\s+(\S+)/m.exec(limits);
  if (line === null) return warn(`${name}: its limits can't be read`);
  if (line[1] === "0") return ok(`core dumps of ${name} are off`);
  return fail(`core dumps of ${name} are on, and would hold its secrets: start it with prlimit --core=0:0, or LimitCORE=0 in its unit`);
}

/** What `npm run up` has started. */
function started(upFile: string): readonly (readonly [string, string])[] {
  const text = readIfThere(upFile);
  if (text === null) return [];
  const up = upSchema.safeParse(parseJson(text)).data;
  return Object.entries(up?.pids ?? {}).filter(([name]) => !WITHOUT_SECRETS.has(name)).map(([name, pid]) => [name, String(pid)] as const);
}

/** QEMU's processes of this user: a guest's memory has the guest's parameters. One that has ended and waits for its parent has none. */
export function guests(): readonly (readonly [string, string])[] {
  const user = process.getuid?.();
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readIfThere(`/proc/${pid}/comm`)?.startsWith("qemu-system") === true && isRunning(pid, user))
    .map((pid) => [`QEMU ${pid}`, pid] as const);
}

function isRunning(pid: string, user: number | undefined): boolean {
  const status = readIfThere(path.join("/proc", pid, "status")) ?? "";
  return /^Uid:\s+(\d+)/m.exec(status)?.[1] === String(user) && !/^State:\s+[ZX]/m.test(status);
}

/** A pattern that begins with `|` starts a program for every crash, whatever the limit says. */
export function checkCorePattern(pattern: string): Finding {
  const program = /^\|\s*(\S+)/.exec(pattern)?.[1];
  if (program === undefined) return ok("core dumps go to files, so their limit holds");
  return warn(`the kernel hands every core dump to ${program}, whatever the limit: see that it keeps none of Slipway's processes (kernel.core_pattern)`);
}

/** Compressed swap in memory stays there. */
export function checkSwap(swaps: string): Finding {
  const devices = swaps.trim().split("\n").slice(1).map((line) => line.split(/\s+/)[0] ?? "").filter((device) => !/^\/dev\/zram\d+$/.test(device));
  if (devices.length === 0) return ok("there is no swap on a disk");
  return warn(`memory that holds secrets could be written to swap (${devices.join(", ")}): turn it off, or encrypt it with a key made at each start`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // A process that has ended meanwhile, or a file that was never written.
    return null;
  }
}
