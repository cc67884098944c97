import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { hostname } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { DaemonPlace } from "#scripts/process/daemon.ts";
import { ensureDaemon, stopDaemon } from "#scripts/process/daemon.ts";
import { freePort } from "#scripts/process/free-port.ts";
import type { ProcessIdentity } from "#scripts/process/identity.ts";
import type { ApiClient } from "./api.ts";
import { ApiError } from "./api.ts";
import type { AgentMode } from "./agent-mode.ts";
import { agentConfigFile, changesMode, writeMode } from "./agent-mode.ts";
import { daemonEnvironment } from "./daemon-environment.ts";
import { writePrivateFile } from "./private-file.ts";
import { say } from "./terminal.ts";

export const AGENT_DAEMON = "agent";
const READY_MS = 60_000;
const ONLINE_MS = 60_000;

/** What agent/main.ts reads, its mode apart. */
interface AgentConfig {
  readonly nodeName: string;
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  readonly allowedClients: readonly string[];
}

export interface LocalAgent {
  readonly node: string;
  /** `https://127.0.0.1:PORT`, where controllers dial it. */
  readonly address: string;
  readonly dataDir: string;
  readonly identity: ProcessIdentity;
  /** Whether it was started just now. */
  readonly started: boolean;
}

export interface AgentOptions {
  /** Everything of the agent lies in here. */
  readonly directory: string;
  readonly consoleUrl: string;
  readonly release: string;
  readonly place: DaemonPlace;
  readonly mode: AgentMode;
}

const tokenSchema = z.object({ token: z.string() });
const nodeSchema = z.object({ state: z.string(), stateReason: z.string().nullable() });
const configSchema = z.object({ nodeName: z.string(), dataDir: z.string(), listen: z.object({ port: z.number() }) });

/** Enrols the node agent of this machine, if it hasn't been, starts it, and waits until the controller has reached it. */
export async function ensureAgent(api: ApiClient, options: AgentOptions): Promise<LocalAgent> {
  const configFile = agentConfigFile(options.directory);
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  if (!existsSync(configFile)) await enrol(api, options, configFile);
  else await takeMode(options);
  const config = configSchema.parse(JSON.parse(readFileSync(configFile, "utf8")));
  const root = path.resolve(import.meta.dirname, "../..");
  const { identity, started } = await ensureDaemon(
    {
      name: AGENT_DAEMON,
      program: path.join(root, "agent/main.ts"),
      args: ["--config", configFile],
      cwd: root,
      environment: daemonEnvironment(),
      version: `${options.release} ${options.mode.mode}`,
      readyTimeoutMs: READY_MS,
    },
    options.place,
  );
  await api.waitFor(async () => ((await api.get(`/api/v1/nodes/${config.nodeName}`, nodeSchema)).state === "online" ? true : null), {
    what: `reaching the agent of ${config.nodeName}`,
    timeoutMs: ONLINE_MS,
  });
  if (started) say(`agent of ${config.nodeName} is online`);
  return { node: config.nodeName, address: `https://127.0.0.1:${config.listen.port}`, dataDir: config.dataDir, identity, started };
}

/** Another mode than the settings have: they are rewritten while no agent runs that reads them, and only where no guest does. */
async function takeMode({ directory, mode, place }: AgentOptions): Promise<void> {
  if (!changesMode(directory, mode.mode)) return;
  await stopDaemon(AGENT_DAEMON, place);
  // It could have started one until then. Refused now, it is started in its old mode by the next `up` in that mode.
  changesMode(directory, mode.mode);
  writeMode(directory, mode);
  say(`the agent goes over to ${mode.mode} mode`);
}

/** The configuration is written last: as long as it isn't there, the node enrols again. */
async function enrol(api: ApiClient, options: AgentOptions, configFile: string): Promise<void> {
  const nodeName = nameOfThisMachine();
  const port = await freePort();
  const tls = path.join(options.directory, "tls");
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  const token = await createToken(api, nodeName);
  const program = path.resolve(import.meta.dirname, "../../agent/enrol.ts");
  const address = `https://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [program, "--controller", options.consoleUrl, "--address", address, "--directory", tls], { stdio: ["pipe", "ignore", "pipe"] });
  child.stdin.end(token);
  const [problem] = await Promise.all([text(child.stderr), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error(`the agent of ${nodeName} can't be enrolled\n${problem}`);
  const config: AgentConfig = {
    nodeName,
    dataDir: path.join(options.directory, "data"),
    listen: { host: "127.0.0.1", port },
    tls: { certFile: path.join(tls, "certificate.pem"), keyFile: path.join(tls, "key.pem"), caFile: path.join(tls, "ca.pem") },
    allowedClients: ["controller"],
  };
  writePrivateFile(configFile, `${JSON.stringify({ ...config, ...options.mode }, null, 2)}\n`);
  say(`agent of ${nodeName} is enrolled`);
}

/** A node that enrolled in an earlier life of this directory gets a new certificate, and the old one ends. */
async function createToken(api: ApiClient, name: string): Promise<string> {
  try {
    return (await api.post("/api/v1/nodes", { name }, tokenSchema)).token;
  } catch (error) {
    if (error instanceof ApiError && error.code === "exists") return (await api.post("/api/v1/nodes", { name, enrolAgain: true }, tokenSchema)).token;
    throw error;
  }
}

/** The host name in the form that a node's name must have. */
function nameOfThisMachine(): string {
  const name = hostname().toLowerCase().replace(/[^a-z0-9.-]+/g, "-").replace(/^[.-]+|[.-]+$/g, "");
  return name === "" ? "localhost" : name;
}
