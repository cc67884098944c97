/** What the tests of installs share: a node with images, a server that packages and images are fetched from, and looks at what came of it. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { z } from "zod";
import { acceptedSchema, Client, type Install } from "../client.ts";
import { jobSucceeds } from "../simulated-node.ts";
import type { Stack } from "../stack.ts";
import { addRealNode, type RealNode } from "./real-node.ts";

const run = promisify(execFile);
/** A machine that is emulated on busy processors starts in this time, in milliseconds. */
const BOOT_MS = 120_000;

export const instanceSchema = z.object({
  id: z.string(),
  adminState: z.string(),
  operState: z.string().nullable(),
  osType: z.string().nullable(),
  node: z.string(),
  rescue: z.boolean(),
  installSource: z.looseObject({}),
  previous: z.object({ keptAs: z.string(), osType: z.string().nullable() }).nullable(),
  parameters: z.array(z.looseObject({ name: z.string(), visibility: z.string() })),
});
export type ShownInstance = z.infer<typeof instanceSchema>;

const installSchema = z.object({
  state: z.string(),
  overwritten: z.boolean(),
  confirmed: z.boolean().nullable(),
  plan: z.object({ completion: z.string(), inPlace: z.boolean() }),
  facts: z.object({ image: z.object({ sha256: z.string(), writtenSha256: z.string() }).nullable(), package: z.object({ sha256: z.string() }).nullable() }),
});

/** The whole of one test file's. */
export class Place {
  readonly stack: Stack;
  readonly admin: Client;
  readonly node: RealNode;
  readonly #server: Server;
  readonly #files = new Map<string, { readonly bytes: Buffer; readonly credentials: string | null }>();
  readonly #sources: readonly string[];
  readonly #names = new Set<string>();

  private constructor(parts: { stack: Stack; admin: Client; node: RealNode; server: Server; sources: readonly string[] }) {
    this.stack = parts.stack;
    this.admin = parts.admin;
    this.node = parts.node;
    this.#server = parts.server;
    this.#sources = parts.sources;
    this.#server.on("request", (request, response) => {
      const file = this.#files.get(request.url ?? "");
      const [status, body] = file === undefined ? [404, Buffer.from("<html>there is nothing here</html>")] : isAllowed(file.credentials, request) ? [200, file.bytes] : [401, Buffer.from("no")];
      response.writeHead(status, { "content-length": body.length });
      response.end(body);
    });
  }

  /** Allows images from this machine, whose address is private, until `close`. `folders`: where images may lie beside the node's own. */
  static async open(stack: Stack, folders: readonly string[] = []): Promise<Place> {
    const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
    const { privateSources: sources } = await admin.call("GET", "/api/v1/cluster", z.object({ privateSources: z.array(z.string()) }));
    await admin.send("PATCH", "/api/v1/cluster", { privateSources: [...sources, "127.0.0.1"] });
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const node = await addRealNode(stack, admin, `real-${randomBytes(3).toString("hex")}`, folders);
    return new Place({ stack, admin, node, server, sources });
  }

  async close(): Promise<void> {
    try {
      for (const name of this.#names) await this.remove(name);
    } finally {
      await this.admin.send("PATCH", "/api/v1/cluster", { privateSources: this.#sources });
      await this.node.remove();
      this.#server.close();
    }
  }

  /** Serves a file to whoever asks, or has the name and password. @returns its address. */
  serve(path: string, bytes: Buffer, credentials: string | null = null): string {
    this.#files.set(path, { bytes, credentials });
    return `${this.origin}${path}`;
  }

  get origin(): string {
    // A server that listens on TCP has an address of this kind.
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Creates an instance of the smallest kind on the node, and follows its install to its end. */
  async create(name: string, body: object): Promise<Install & { readonly jobId: number }> {
    this.#names.add(name);
    return this.install("/api/v1/instances", { name, node: this.node.name, memoryMib: 128, disks: [{ sizeMib: 32 }], nics: [], osType: null, ...body });
  }

  async reinstall(name: string, body: object): Promise<Install & { readonly jobId: number }> {
    return this.install(`/api/v1/instances/${name}/reinstall`, body);
  }

  async install(address: string, body?: object): Promise<Install & { readonly jobId: number }> {
    const { installId, jobId } = await this.admin.call("POST", address, acceptedSchema, body);
    return { ...(await this.admin.follow(installId)), jobId };
  }

  /** Something that is a job and no install. */
  async does(method: string, address: string, body?: object): Promise<void> {
    const { jobId } = await this.admin.call(method, address, z.object({ jobId: z.number() }), body);
    await jobSucceeds(this.admin, jobId);
  }

  /** At once: the smallest system hears nothing of a power button. */
  stop(name: string): Promise<void> {
    return this.does("POST", `/api/v1/instances/${name}/power`, { action: "stop", graceSeconds: 0 });
  }

  start(name: string): Promise<void> {
    return this.does("POST", `/api/v1/instances/${name}/power`, { action: "start" });
  }

  async remove(name: string): Promise<void> {
    const { status } = await this.admin.send("GET", `/api/v1/instances/${name}`);
    if (status === 200) await this.does("DELETE", `/api/v1/instances/${name}`);
    this.#names.delete(name);
  }

  /** Has `name` removed in the end, however it came to be. */
  keepAccount(name: string): void {
    this.#names.add(name);
  }

  read(name: string): Promise<ShownInstance> {
    return this.admin.call("GET", `/api/v1/instances/${name}`, instanceSchema);
  }

  readInstall(id: string): Promise<z.infer<typeof installSchema>> {
    return this.admin.call("GET", `/api/v1/installs/${id}`, installSchema);
  }


  async folderOf(name: string): Promise<string> {
    const { id, node } = await this.read(name);
    return path.join(node === this.node.name ? this.node.dataDir : (this.stack.agents[0]?.dataDir ?? ""), "instances", id);
  }

  /** Until the system has said this on its serial console since it was started last. */
  async boots(name: string, text: string): Promise<void> {
    const log = path.join(await this.folderOf(name), "serial.log");
    await expect.poll(() => (existsSync(log) ? readFileSync(log, "utf8") : ""), { timeout: BOOT_MS }).toContain(text);
  }

  /** A file in the first partition of a disk. */
  async fileIn(name: string, file: string): Promise<string> {
    const disk = path.join(await this.folderOf(name), "disk-0");
    return (await run("debugfs", ["-R", `cat ${file}`, `${disk}?offset=${String(1_048_576)}`])).stdout;
  }

  /** Of the whole first disk. */
  async digestOfDisk(name: string): Promise<string> {
    return createHash("sha256").update(readFileSync(path.join(await this.folderOf(name), "disk-0"))).digest("hex");
  }
}

function isAllowed(credentials: string | null, { headers }: IncomingMessage): boolean {
  return credentials === null || headers.authorization === `Basic ${Buffer.from(credentials).toString("base64")}`;
}
