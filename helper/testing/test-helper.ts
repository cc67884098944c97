/**
 * The helper with everything that it needs in a folder of its own. For tests that run as root in a network namespace of their own
 * (`unshare --net --mount`): nothing here touches another one.
 */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import type { Pair } from "./pairs.ts";
import { HOST, HOST6 } from "./packets.ts";

export const run = promisify(execFile);

/** Debian's `daemon`: a user that is on every host and owns nothing. */
export const AGENT_USER = { name: "daemon", uid: 1, gid: 1 } as const;

export type Fact = Readonly<Record<string, string>>;

const PATIENCE_MS = 5_000;

/** Something that comes in pieces, and waiting for one of them. */
class Stream<T> {
  readonly items: T[] = [];
  readonly #waiting = new Set<() => void>();

  push(item: T): void {
    this.items.push(item);
    for (const wake of this.#waiting) wake();
  }

  async waitFor(wanted: (item: T) => boolean, from = 0, ms = PATIENCE_MS): Promise<T> {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = this.items.slice(from).find(wanted);
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`it didn't come; what came: ${JSON.stringify(this.items.slice(from).slice(-20))}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }
}

/** A connection to the helper as the agent has it. */
export class Connection {
  readonly #child: ChildProcess;
  readonly lines = new Stream<string>();
  #number = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) createInterface(child.stdout).on("line", (line) => this.lines.push(line));
    child.stdin?.on("error", () => undefined); // The helper ended the connection; `closed` tells.
  }

  write(text: string | Buffer): void {
    this.#child.stdin?.write(text);
  }

  /** Sends a request; its answer without the number. */
  async ask(request: string): Promise<string> {
    const number = String(++this.#number);
    const from = this.lines.items.length;
    this.write(`${number} ${request}\n`);
    const line = await this.lines.waitFor((one) => one.startsWith(`${number} ok`) || one.startsWith(`${number} error`), from);
    return line.slice(number.length + 1);
  }

  /** What was said without being asked for, from now on or before. */
  async event(text: string): Promise<void> {
    await this.lines.waitFor((line) => line === `0 ${text}`);
  }

  async closed(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.closed();
  }
}

/** Where this process has built the programs, once. */
const PROGRAMS = mkdtempSync(join(tmpdir(), "slipway-programs-"));
process.on("exit", () => rmSync(PROGRAMS, { recursive: true, force: true }));
let built: Promise<unknown> | null = null;

async function build(): Promise<void> {
  built ??= chmod(PROGRAMS, 0o755).then(() => run(join(import.meta.dirname, "..", "build.sh"), [PROGRAMS, "--testing"]));
  await built;
}

export class TestHelper {
  readonly folder: string;
  readonly runFolder: string;
  readonly log = new Stream<Fact>();
  readonly #connections: Connection[] = [];
  readonly #servers: Server[] = [];
  #child: ChildProcess | null = null;
  errors = "";

  private constructor(folder: string) {
    this.folder = folder;
    this.runFolder = join(folder, "run");
  }

  get socket(): string {
    return join(this.runFolder, "helper.sock");
  }

  program(name: "slipway-helper" | "slipway-launch" | "slipway-script" | "slipway-frames"): string {
    return join(PROGRAMS, name);
  }

  get hooks(): string {
    return join(this.folder, "hooks");
  }

  /** Builds the programs, writes the file and starts the daemon; `lines`: of the file, beside the user and the hooks. */
  static async start(lines: readonly string[] = []): Promise<TestHelper> {
    const helper = await TestHelper.prepare();
    await helper.configure(lines);
    await helper.startDaemon();
    return helper;
  }

  static async prepare(): Promise<TestHelper> {
    const helper = new TestHelper(await mkdtemp(join(tmpdir(), "slipway-helper-")));
    await chmod(helper.folder, 0o755);
    await build();
    await mkdir(join(helper.hooks, "ifup.d"), { recursive: true });
    await mkdir(join(helper.hooks, "ifdown.d"), { recursive: true });
    await run("ip", ["link", "set", "lo", "up"]);
    return helper;
  }

  async configure(lines: readonly string[]): Promise<void> {
    await writeFile(join(this.folder, "helper.conf"), [`agent_user=${AGENT_USER.name}`, `hooks=${this.hooks}`, ...lines, ""].join("\n"), { mode: 0o644 });
  }

  spawnDaemon(): ChildProcess {
    return spawn(this.program("slipway-helper"), ["--run-folder", this.runFolder, "--config", join(this.folder, "helper.conf"), "--foreground"], { stdio: ["ignore", "pipe", "pipe"] });
  }

  async startDaemon(): Promise<void> {
    const child = this.spawnDaemon();
    const from = this.log.items.length;
    this.#child = child;
    child.stderr?.on("data", (data: Buffer) => (this.errors += data.toString()));
    // The log is JSON, a line a fact of strings; anything else fails the test here.
    if (child.stdout !== null) createInterface(child.stdout).on("line", (line) => this.log.push(JSON.parse(line) as Fact));
    await this.log.waitFor((fact) => fact["what"] === "ready", from, 10_000);
  }

  get monitor(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the helper doesn't run");
    return pid;
  }

  async waitForLog(wanted: (fact: Fact) => boolean, from = 0): Promise<Fact> {
    return this.log.waitFor(wanted, from);
  }

  /** The processes of this helper's run folder, by what they are. */
  async processes(): Promise<{ readonly helpers: readonly number[]; readonly dnsmasqs: readonly number[] }> {
    const helpers: number[] = [];
    const dnsmasqs: number[] = [];
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      // A process may end between the two.
      const text = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
      if (!text.includes(this.runFolder)) continue;
      if (text.startsWith("/usr/sbin/dnsmasq\0")) dnsmasqs.push(Number(entry));
      else if (text.startsWith(this.program("slipway-helper"))) helpers.push(Number(entry));
    }
    return { helpers, dnsmasqs };
  }

  async worker(): Promise<number> {
    const { helpers } = await this.processes();
    const worker = helpers.find((pid) => pid !== this.monitor);
    if (worker === undefined) throw new Error("there is no worker");
    return worker;
  }

  connectAs(user: { readonly uid: number; readonly gid: number }): Connection {
    const connection = new Connection(spawn(this.program("slipway-frames"), ["talk", this.socket], { uid: user.uid, gid: user.gid, stdio: ["pipe", "pipe", "inherit"] }));
    this.#connections.push(connection);
    return connection;
  }

  async connect(): Promise<Connection> {
    const connection = this.connectAs(AGENT_USER);
    await connection.ask("hello version=1");
    await connection.ask("list");
    return connection;
  }

  /** The agent's listener of a guest: accepts and says nothing. */
  async listen(port: number, address = HOST): Promise<number> {
    const server = createServer((socket) => socket.on("error", () => undefined));
    server.listen(port, address);
    await once(server, "listening");
    this.#servers.push(server);
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("no port");
    return bound.port;
  }

  /** Approves a pair whose port 80 leads to listeners of the test. */
  async approve(agent: Connection, pair: Pair): Promise<string> {
    const port = await this.listen(0);
    const port6 = await this.listen(0, HOST6);
    return agent.ask(`channel guest=${pair.key} mac=${pair.mac} ip=${pair.ip} ip6=${pair.ip6} port=${String(port)} port6=${String(port6)}`);
  }

  async stopDaemon(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) await connection.end();
    for (const server of this.#servers) server.close();
    await this.stopDaemon();
    // A worker whose monitor a test has killed.
    for (const pid of (await this.processes()).helpers) process.kill(pid, "SIGKILL");
    await run("nft", ["flush", "ruleset"]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Standard output of a command, which has to end well. */
export async function output(command: string, ...args: readonly string[]): Promise<string> {
  return (await run(command, [...args])).stdout;
}
