import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { channelMac, HOST_ADDRESS } from "#lib/domain/channel-address.ts";
import type { ServerPorts } from "./metadata-server.ts";

const GUEST_ADDRESS = "169.254.0.2";
const HOST_LINK = "gnt.com.0";
const READY_MS = 20_000;
const portsSchema = z.object({ guests: z.array(z.number()), bare: z.array(z.number()) });

/** Where servers and load run: network namespaces of the host and of a guest, joined as a guest's channel is, or loopback. */
export interface Place {
  readonly host: string;
  /** Null where it is a guest's namespace; why it isn't one otherwise. */
  readonly reason: string | null;
  /** The command with what brings it to the host's side, or to the guest's. */
  onHost(command: readonly string[]): readonly [string, ...string[]];
  inGuest(command: readonly string[]): readonly [string, ...string[]];
  end(): Promise<void>;
}

function loopback(reason: string): Place {
  const asIs = ([program = "", ...rest]: readonly string[]): readonly [string, ...string[]] => [program, ...rest];
  return { host: "127.0.0.1", reason, onHost: asIs, inGuest: asIs, end: () => Promise.resolve() };
}

/** Two namespaces and a pair of interfaces between them, with the addresses of a guest's channel. Nothing of it outlives `end`. */
export async function makePlace(): Promise<Place> {
  const isRoot = process.getuid?.() === 0;
  const holders: ChildProcess[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(holders.map(endChild));
  };
  const own = isRoot ? [] : ["--user", "--map-root-user"];
  try {
    const host = await hold(["unshare", ...own, "--net", "--"], holders);
    const enter = ["nsenter", `--target=${String(host)}`, ...(isRoot ? [] : ["--user", "--preserve-credentials"]), "--net", "--"];
    const guest = await hold([...enter, "unshare", "--net", "--"], holders);
    const enterGuest = ["nsenter", `--target=${String(guest)}`, ...(isRoot ? [] : ["--user", "--preserve-credentials"]), "--net", "--"];
    const inHost = (...command: readonly string[]): void => {
      run([...enter, ...command]);
    };
    const inGuest = (...command: readonly string[]): void => {
      run([...enterGuest, ...command]);
    };
    inHost("ip", "link", "set", "lo", "up");
    inHost("ip", "link", "add", HOST_LINK, "type", "veth", "peer", "name", "eth0", "address", channelMac(GUEST_ADDRESS), "netns", String(guest));
    inHost("ip", "address", "add", `${HOST_ADDRESS}/32`, "dev", HOST_LINK);
    inHost("ip", "link", "set", HOST_LINK, "up");
    inHost("ip", "route", "add", `${GUEST_ADDRESS}/32`, "dev", HOST_LINK);
    inGuest("ip", "address", "add", `${GUEST_ADDRESS}/16`, "dev", "eth0");
    inGuest("ip", "link", "set", "eth0", "up");
    const within = (prefix: readonly string[]) => (command: readonly string[]): readonly [string, ...string[]] => ["nsenter", ...prefix.slice(1), ...command];
    return { host: HOST_ADDRESS, reason: null, onHost: within(enter), inGuest: within(enterGuest), end };
  } catch (error) {
    await end();
    return loopback(`no network namespace can be made here (${error instanceof Error ? error.message : "unknown"})`);
  }
}

/** A process that keeps a namespace, and the number by which it is entered. */
async function hold(prefix: readonly string[], holders: ChildProcess[]): Promise<number> {
  const [program = "", ...rest] = prefix;
  const child = spawn(program, [...rest, "sh", "-c", "echo here; exec cat"], { stdio: ["pipe", "pipe", "pipe"] });
  holders.push(child);
  await firstLine(child, "a namespace");
  if (child.pid === undefined) throw new Error("it can't be started");
  return child.pid;
}

function run([program = "", ...rest]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, rest, { encoding: "utf8", timeout: READY_MS });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${rest.join(" ")}: ${stderr.trim()}`);
}

function firstLine(child: ChildProcess, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${what} says nothing`));
    }, READY_MS);
    const said: string[] = [];
    child.stderr?.on("data", (bytes: Buffer) => said.push(bytes.toString("utf8").slice(0, 1_000)));
    child.once("error", reject);
    child.once("exit", (status) => {
      clearTimeout(timer);
      reject(new Error(`${what} has ended with ${String(status)}: ${said.join("").trim().slice(0, 500)}`));
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      resolve(line);
    });
  });
}

export interface Started {
  readonly ports: ServerPorts;
  /** Processor time that the server has had: milliseconds. What else runs on the machine hardly changes it. */
  processorMs(): number;
  end(): Promise<void>;
}

/** bench/metadata-server.ts on the host's side. */
export async function startServer(place: Place, kind: "service" | "bare", guests: number): Promise<Started> {
  const [program, ...rest] = place.onHost([process.execPath, path.join(import.meta.dirname, "metadata-server.ts"), kind, place.host, String(guests)]);
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
  try {
    const ports = portsSchema.parse(JSON.parse(await firstLine(child, "the server")));
    // What goes between namespaces becomes the program itself: the child's number is the server's.
    return { ports, processorMs: () => processorMs(child.pid ?? 0), end: () => endChild(child) };
  } catch (error) {
    await endChild(child);
    throw error;
  }
}

/** The kernel counts in hundredths of a second: user's and system's time are the 14th and 15th field, the second ends with a bracket. */
function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
