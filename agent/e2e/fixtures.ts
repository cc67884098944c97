import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type AgentClient, createAgentClient } from "#lib/agent-protocol/client.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import { exampleInstance, exampleOrder, type ScriptOrder } from "../testing/orders.ts";
import { createTestPki } from "../testing/pki.ts";

/** Where the built things are: folders with a manifest.json, and a definition's own folder. */
export interface Artifacts {
  readonly applianceFolder: string;
  readonly imageFolder: string;
  readonly definitionFolder: string;
}

/** An agent in a process of its own, as an ordinary user, and a client for it. */
export interface AgentProcess {
  readonly client: AgentClient;
  readonly dataDir: string;
  readonly pid: number;
  /** What it has logged, line by line. */
  readonly logLines: string[];
  /** Ends the process and resolves when it is gone. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Another process on the same data. */
  restart(): Promise<AgentProcess>;
}

const CONTROLLER = "controller";
const NODE_NAME = "node1";

/** Starts `agent/main.ts` on a folder. `node`: the program to run it with; `settings`: of its own beside those that every agent has. */
export async function startAgentProcess(folder: string, node = process.execPath, settings: { readonly imageFolders?: readonly string[] } = {}): Promise<AgentProcess> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pki = await createTestPki();
  const [server, controller] = await Promise.all([pki.issue(NODE_NAME), pki.issue(CONTROLLER)]);
  const tls = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem"), caFile: join(folder, "ca.pem") };
  await Promise.all([writeFile(tls.certFile, server.cert), writeFile(tls.keyFile, server.key, { mode: 0o600 }), writeFile(tls.caFile, server.ca)]);
  const config = { nodeName: NODE_NAME, dataDir: join(folder, "data"), listen: { host: "127.0.0.1", port: 0 }, tls, allowedClients: [CONTROLLER], mode: "session", ...settings };
  const configFile = join(folder, "agent.json");
  await writeFile(configFile, JSON.stringify(config));
  return launch({ configFile, dataDir: config.dataDir, node, controller });
}

interface Launch {
  readonly configFile: string;
  readonly dataDir: string;
  readonly node: string;
  readonly controller: { readonly cert: string; readonly key: string; readonly ca: string };
}

async function launch(how: Launch): Promise<AgentProcess> {
  const program = join(import.meta.dirname, "..", "main.ts");
  const child: ChildProcess = spawn(how.node, [program, "--config", how.configFile], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const logLines: string[] = [];
  if (child.stdout === null || child.pid === undefined) throw new Error("the agent can't be started");
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
  const address = z.object({ host: z.string(), port: z.number() }).parse(JSON.parse(await readFile(join(how.dataDir, "agent-address.json"), "utf8")));
  const client = createAgentClient({ address, serverName: NODE_NAME, tls: how.controller });
  return {
    client,
    dataDir: how.dataDir,
    pid: child.pid,
    logLines,
    end: async (signal) => {
      client.close();
      child.kill(signal);
      await exited;
    },
    restart: () => launch(how),
  };
}

/** Brings a file to an agent as a blob. */
export async function putFile(client: AgentClient, path: string): Promise<string> {
  const hash = createHash("sha256");
  // Without an encoding set, a file yields buffers.
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  const digest = hash.digest("hex");
  if ((await client.missingBlobs([digest])).length > 0) {
    await client.putBlob(digest, { length: (await stat(path)).size, bytes: createReadStream(path) });
  }
  return digest;
}

async function makeTar(folder: string, target: string): Promise<void> {
  const tar = spawn("tar", ["--create", "--file", target, "--owner=0", "--group=0", "--directory", folder, "."], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve) => tar.once("exit", resolve));
  if (code !== 0) throw new Error("the archive can't be made");
}

/** Brings everything that an install of a definition needs to an agent, and makes the order's fixed parts. */
export async function prepareOrder(agent: AgentProcess, artifacts: Artifacts): Promise<Pick<ScriptOrder, "appliance" | "os">> {
  const archive = join(agent.dataDir, `untrusted-${randomUUID()}.tar`);
  await makeTar(join(artifacts.definitionFolder, "untrusted"), archive);
  const [kernelDigest, initrdDigest, imageDigest, untrustedDigest] = await Promise.all([
    putFile(agent.client, join(artifacts.applianceFolder, "kernel")),
    putFile(agent.client, join(artifacts.applianceFolder, "initrd")),
    putFile(agent.client, join(artifacts.imageFolder, "image.squashfs")),
    putFile(agent.client, archive),
  ]);
  await rm(archive);
  const manifest = osManifestSchema.pick({ steps: true, bootMarker: true }).loose().parse(JSON.parse(await readFile(join(artifacts.definitionFolder, "slipway.json"), "utf8")));
  const { os } = exampleOrder();
  return { appliance: { kernelDigest, initrdDigest, rootDigest: null, contract: 2 }, os: { ...os, variant: "bookworm", untrustedDigest, imageDigest, steps: manifest.steps, bootMarker: manifest.bootMarker } };
}

/** As prepareOrder, with a script of the test's own in the place of the definition's, and nothing to install from. */
export async function prepareScriptOrder(agent: AgentProcess, artifacts: Artifacts, script: string): Promise<Pick<ScriptOrder, "appliance" | "os">> {
  const folder = join(agent.dataDir, `script-${randomUUID()}`);
  await mkdir(folder);
  await writeFile(join(folder, "create"), script, { mode: 0o755 });
  const archive = `${folder}.tar`;
  await makeTar(folder, archive);
  const [kernelDigest, initrdDigest, untrustedDigest] = await Promise.all([
    putFile(agent.client, join(artifacts.applianceFolder, "kernel")),
    putFile(agent.client, join(artifacts.applianceFolder, "initrd")),
    putFile(agent.client, archive),
  ]);
  await rm(folder, { recursive: true });
  await rm(archive);
  const { os } = exampleOrder();
  return { appliance: { kernelDigest, initrdDigest, rootDigest: null, contract: 2 }, os: { ...os, untrustedDigest, imageDigest: null, bootMarker: null } };
}

/** An instance that is large enough for the sample definition. */
export function sampleInstance(): ReturnType<typeof exampleInstance> {
  return exampleInstance({ memoryMib: 512, vcpus: 2, disks: exampleInstance().disks.map((disk) => ({ ...disk, sizeMib: 1_024 })) });
}
