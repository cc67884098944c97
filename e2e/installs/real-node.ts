/** A second node in a running stack, with real machines: enrolled and started as on any other machine, with a folder for images. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { freePort } from "#scripts/process/free-port.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { daemonEnvironment } from "#scripts/up/daemon-environment.ts";
import { withDatabase } from "../canary/read-everything.ts";
import type { Client } from "../client.ts";
import { whenTrue } from "../simulated-node.ts";
import type { Stack } from "../stack.ts";

export interface RealNode {
  readonly name: string;
  readonly dataDir: string;
  /** The folder in which images and media may lie. */
  readonly images: string;
  /** Ends it and takes it out of the stack, whose other tests count the nodes. Its instances and exports must have been deleted. */
  remove(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, "../..");
const ENROL_MS = 60_000;

/** Adds one, and waits until the controller has reached it. `more`: other folders with images. */
export async function addRealNode(stack: Stack, admin: Client, name: string, more: readonly string[] = []): Promise<RealNode> {
  const { token } = await admin.call("POST", "/api/v1/nodes", z.object({ token: z.string() }), { name });
  const folder = mkdtempSync(path.join(tmpdir(), "node-"));
  const images = path.join(folder, "images");
  const dataDir = path.join(folder, "data");
  const tls = path.join(folder, "tls");
  mkdirSync(images);
  const port = await freePort();
  const enrol = [path.join(root, "agent/enrol.ts"), "--controller", stack.consoleUrl, "--address", `https://127.0.0.1:${port}`, "--directory", tls];
  await runOrFail(process.execPath, enrol, { cwd: root, environment: daemonEnvironment(), timeoutMs: ENROL_MS, input: token });
  const config = {
    nodeName: name,
    dataDir,
    listen: { host: "127.0.0.1", port },
    tls: { certFile: path.join(tls, "certificate.pem"), keyFile: path.join(tls, "key.pem"), caFile: path.join(tls, "ca.pem") },
    allowedClients: ["controller"],
    imageFolders: [images, ...more],
    mode: "session",
  };
  writeFileSync(path.join(folder, "agent.json"), JSON.stringify(config), { mode: 0o600 });
  const agent = await start(path.join(folder, "agent.json"));
  await whenTrue(admin, async () => (await admin.call("GET", `/api/v1/nodes/${name}`, z.object({ state: z.string() }))).state === "online");
  return {
    name,
    dataDir,
    images,
    remove: async () => {
      const ended = once(agent, "exit");
      agent.kill("SIGTERM");
      await ended;
      // No operation of the product removes a node.
      await withDatabase(stack.databaseUrl, async (client) => {
        await client.query("DELETE FROM install USING node WHERE install.node_id = node.id AND node.name = $1", [name]);
        await client.query("DELETE FROM node WHERE name = $1", [name]);
      });
      rmSync(folder, { recursive: true });
    },
  };
}

/** Resolves when it says that it is ready. */
async function start(configFile: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [path.join(root, "agent/main.ts"), "--config", configFile], { cwd: root, env: daemonEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes("the agent is ready")) resolve();
      if (lines.length < 100) lines.push(line);
    });
    child.once("exit", () => reject(new Error(`the agent has ended at its start: ${lines.join("\n")}`)));
  });
  return child;
}
