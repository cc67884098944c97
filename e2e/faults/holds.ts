/** What has to hold when an install is over that something happened to (design: install, "How it goes"). */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { listProcesses, until } from "../network/processes.ts";
import { entriesOf, given, guestsOf, leftInDatabase, workingFolder } from "./faults.ts";
import { markOf } from "./states.ts";
import type { Begun, FaultWorld } from "./world.ts";

/** Of an instance that nothing is done to: its record, its console, its disks, those of a system that was replaced, what its guest has. */
const KNOWN_FILES = /^(instance\.json|serial\.log(\.\d+)?|disk-\d+|disk-\d+\.previous-[0-9a-f-]{36}|run)$/;
/** Programs that work for installs alone. */
const INSTALL_PROGRAMS = ["qemu-img", "xz", "gzip", "zstd", "slipway-script"];

/** What doesn't hold, in sentences; empty where all is well. */
export async function brokenRules(world: FaultWorld, state: string, begun: Begun, before: { readonly mark: string; readonly wasRunning: boolean }, allowed: readonly string[] | null): Promise<string[]> {
  const broken: string[] = [];
  const expect = (holds: boolean, sentence: string): void => {
    if (!holds) broken.push(sentence);
  };
  const job = await world.jobEnds(begun.jobId);
  const install = await world.install(begun.installId);
  const instance = await world.instance();
  const folder = path.join(given(world.stack.agents[0]).dataDir, "instances", instance.id);
  const isNew = install.state === "done";
  const wanted = { done: "success", failed: "error", timed_out: "error", cancelled: "canceled" }[install.state] ?? "an end";
  expect(job === wanted, `the job ended as ${job}, its install as ${install.state}`);
  expect(allowed === null || allowed.includes(install.state), `the install ended as ${install.state}: ${install.error?.message ?? "no error"}`);
  const mark = isNew ? markOf(state, begun) : before.mark;
  const found = startOfDisk(path.join(folder, "disk-0"), mark.length);
  expect(found === mark, `the first disk is ${isNew ? "not the new one" : "not as it was"}: it begins with ${JSON.stringify(found)}`);
  expect(instance.lockedByJobId === null, "a job still holds the instance");
  // What is told of its power comes from the node, a moment later.
  const power = await until("the power state", async () => ((await world.instance()).operState === (before.wasRunning ? "running" : "stopped") ? true : null)).catch(() => false);
  expect(power, `the instance ${before.wasRunning ? "ran" : "was stopped"} before and is ${String((await world.instance()).operState)}`);
  const { status } = await world.instance();
  expect(status === (before.wasRunning ? "running" : "stopped"), `the instance is shown as ${status}`);
  const guests = await guestsOf(world);
  expect(guests.length === (before.wasRunning ? 1 : 0), `${guests.length} virtual machines of the instance run`);
  broken.push(...(await leftInDatabase(world, begun)).map((what) => `left in the database: ${what}`));
  const unknown = await until("the files of the install to go", () => (unknownFiles(folder).length === 0 ? [] : null)).catch(() => unknownFiles(folder));
  broken.push(...unknown.map((name) => `left on the node: ${name}`));
  const home = world.stack.home;
  broken.push(...listProcesses().filter(({ name, pid, state: now }) => INSTALL_PROGRAMS.includes(name) && now !== "Z" && workingFolder(pid).startsWith(home)).map(({ name }) => `still runs: ${name}`));
  broken.push(...filesWith(home, begun.secret).map((file) => `the secret is in ${path.relative(home, file)}`));
  return broken;
}

function unknownFiles(folder: string): string[] {
  return entriesOf(folder).filter((name) => !KNOWN_FILES.test(name));
}

/** The first bytes of a disk, as text. */
export function startOfDisk(file: string, length: number): string {
  const fd = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(length);
    readSync(fd, buffer, 0, length, 0);
    return buffer.toString("latin1");
  } finally {
    closeSync(fd);
  }
}

/** Files below a folder that have a text in them. */
function filesWith(folder: string, text: string): string[] {
  try {
    return execFileSync("grep", ["--recursive", "--files-with-matches", "--fixed-strings", "--binary-files=text", "--devices=skip", "--exclude-dir=blobs", "--", text, folder], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim().split("\n");
  } catch (error) {
    // 1: nothing is found; 2: a file has gone meanwhile, and what was found is told all the same.
    const found = typeof error === "object" && error !== null && "stdout" in error ? String(error.stdout).trim() : "";
    return found === "" ? [] : found.split("\n");
  }
}
