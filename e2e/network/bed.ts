import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { createTestPki, type PartyCredentials } from "#agent/testing/pki.ts";
import { powerOrder } from "#agent/testing/orders.ts";
import { type AgentClient, createAgentClient } from "#lib/agent-protocol/client.ts";
import type { GuestData, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { accountIds, asOrdinaryUser, ensureOrdinaryUser, ordinaryEnvironment } from "#scripts/process/ordinary-user.ts";
import type { NetworkTestPlace } from "#scripts/test/require-network.ts";
import { readText, untilFileSays } from "./follow-file.ts";
import { type HelperProcess, startHelper } from "./helper-process.ts";

const CONTROLLER = "controller";
const NODE_NAME = "node1";
const CONSOLE_MS = 150_000;
const MIB = 1_048_576;

/** The agent in a process of its own, as the ordinary user, in system mode. */
export interface AgentProcess {
  readonly client: AgentClient;
  readonly pid: number;
  /** What it has logged, line by line. */
  readonly logLines: string[];
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface BedOptions {
  /** Names that the helper's administrator allows; they needn't be there yet. */
  readonly bridges?: readonly string[];
  /** Further lines of the helper's file. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the node, in which images and media may lie. */
  readonly imageFolders?: readonly string[];
}

/** A node in system mode: helper and agent, both real, in the namespace of the tests. */
export class Bed {
  readonly folder: string;
  readonly dataDir: string;
  helper: HelperProcess;
  agent: AgentProcess;
  readonly #launchAgent: () => Promise<AgentProcess>;
  readonly #owner: { readonly uid: number; readonly gid: number };

  private constructor(folder: string, helper: HelperProcess, agent: AgentProcess, launchAgent: () => Promise<AgentProcess>, owner: { uid: number; gid: number }) {
    this.folder = folder;
    this.dataDir = path.join(folder, "agent/data");
    this.helper = helper;
    this.agent = agent;
    this.#launchAgent = launchAgent;
    this.#owner = owner;
  }

  static async start(place: NetworkTestPlace, { bridges = [], settings = {}, imageFolders = [] }: BedOptions = {}): Promise<Bed> {
    ensureOrdinaryUser();
    const owner = accountIds(place.user);
    // Short: names of sockets may have 107 bytes.
    const folder = await mkdtemp(path.join(place.scratch, "b-"));
    await chmod(folder, 0o711);
    const helper = await startHelper({ programs: place.helper, folder: path.join(folder, "helper"), user: place.user, bridges, settings });
    try {
      const launchAgent = await prepareAgent(place, path.join(folder, "agent"), { helper, owner, imageFolders });
      return new Bed(folder, helper, await launchAgent(), launchAgent, owner);
    } catch (error) {
      await helper.end();
      throw error;
    }
  }

  get client(): AgentClient {
    return this.agent.client;
  }

  async restartAgent(): Promise<void> {
    this.agent = await this.#launchAgent();
  }

  /** Gives an instance its disks as if an install had: a copy of a file, or a text of its own. */
  async placeDisks(instance: InstanceSpec, contents: readonly ({ readonly copyOf: string } | { readonly text: string })[]): Promise<void> {
    const folder = this.instanceFolder(instance);
    await mkdir(folder, { mode: 0o700 });
    for (const [index, content] of contents.entries()) {
      const file = path.join(folder, `disk-${index}`);
      if ("copyOf" in content) execFileSync("cp", ["--sparse=always", "--", content.copyOf, file]);
      else await writeDisk(file, content.text);
      await chmod(file, 0o600);
      await chown(file, this.#owner.uid, this.#owner.gid);
    }
    await chown(folder, this.#owner.uid, this.#owner.gid);
  }

  async power(instance: InstanceSpec, action: "start" | "stop", guestData: GuestData | null = null): Promise<void> {
    await this.client.power({ ...powerOrder(instance, action), guestData });
  }

  instanceFolder(instance: InstanceSpec): string {
    return path.join(this.dataDir, "instances", instance.id);
  }

  console(instance: InstanceSpec): Promise<string> {
    return readText(path.join(this.instanceFolder(instance), "serial.log"));
  }

  /** Waits until an instance's console has said something, and returns what the pattern found. */
  untilConsoleSays(instance: InstanceSpec, pattern: RegExp, timeoutMs = CONSOLE_MS): Promise<RegExpExecArray> {
    return untilFileSays(path.join(this.instanceFolder(instance), "serial.log"), (text) => pattern.exec(text), timeoutMs);
  }

  /** Removes the instances, and ends agent and helper. */
  async end(): Promise<void> {
    for (const id of await readdir(path.join(this.dataDir, "instances"))) await this.client.removeInstance(id, id);
    await this.agent.end("SIGTERM");
    await this.helper.end();
    await rm(this.folder, { recursive: true });
  }
}

async function writeDisk(file: string, text: string): Promise<void> {
  const disk = await open(file, "wx");
  await disk.truncate(MIB);
  await disk.write(text, 0);
  await disk.close();
}

interface Around {
  readonly helper: HelperProcess;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly imageFolders: readonly string[];
}

async function prepareAgent(place: NetworkTestPlace, folder: string, { helper, owner, imageFolders }: Around): Promise<() => Promise<AgentProcess>> {
  await mkdir(folder, { mode: 0o700 });
  const pki = await createTestPki();
  const [server, controller] = await Promise.all([pki.issue(NODE_NAME), pki.issue(CONTROLLER)]);
  const tls = { certFile: path.join(folder, "cert.pem"), keyFile: path.join(folder, "key.pem"), caFile: path.join(folder, "ca.pem") };
  const configFile = path.join(folder, "agent.json");
  const dataDir = path.join(folder, "data");
  const config = {
    nodeName: NODE_NAME,
    dataDir,
    listen: { host: "127.0.0.1", port: 0 },
    tls,
    allowedClients: [CONTROLLER],
    imageFolders,
    mode: "system",
    helper: { socket: helper.socket, launcher: helper.launcher },
  };
  const files: readonly (readonly [string, string])[] = [
    [tls.certFile, server.cert],
    [tls.keyFile, server.key],
    [tls.caFile, server.ca],
    [configFile, JSON.stringify(config)],
  ];
  for (const [file, text] of files) {
    await writeFile(file, text, { mode: 0o600 });
    await chown(file, owner.uid, owner.gid);
  }
  await chown(folder, owner.uid, owner.gid);
  return () => launchAgent(place, { configFile, dataDir, controller });
}

async function launchAgent(place: NetworkTestPlace, how: { readonly configFile: string; readonly dataDir: string; readonly controller: PartyCredentials }): Promise<AgentProcess> {
  const [command, ...args] = asOrdinaryUser([place.node, path.join(place.release, "agent/main.ts"), "--config", how.configFile]);
  const child: ChildProcess = spawn(command, args, { cwd: "/", env: ordinaryEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  if (child.stdout === null || child.pid === undefined) throw new Error("the agent can't be started");
  const logLines: string[] = [];
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      logLines.push(line);
      if (line.includes("the agent is ready")) resolve();
    });
    void exited.then(() => {
      reject(new Error(`the agent ended at its start: ${logLines.join("\n")}`));
    });
  });
  const address = z.object({ host: z.string(), port: z.number() }).parse(JSON.parse(await readFile(path.join(how.dataDir, "agent-address.json"), "utf8")));
  const client = createAgentClient({ address, serverName: NODE_NAME, tls: how.controller });
  return {
    client,
    pid: child.pid,
    logLines,
    end: async (signal) => {
      client.close();
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}
