import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { open, readdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { AgentEvent, InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { statusIn } from "../testing/follow.ts";
import type { InstallBench } from "../testing/install-bench.ts";
import type { ScriptOrder } from "../testing/orders.ts";

/** What tests of installs look at: an instance's folder on the bench's node. */
export function folderOf(bench: InstallBench, instance: InstanceSpec): string {
  return join(bench.dataDir, "instances", instance.id);
}

/** The beginning of a disk, as text. */
export async function contentOf(bench: InstallBench, instance: InstanceSpec, index = 0): Promise<string> {
  const disk = await open(join(folderOf(bench, instance), `disk-${String(index)}`));
  const { buffer } = await disk.read({ buffer: Buffer.alloc(80) });
  await disk.close();
  return buffer.toString("utf8").replaceAll("\0", "");
}

/** Names of an instance's disks, the new and the previous ones among them, and of what an install keeps beside them. */
export async function disksOf(bench: InstallBench, instance: InstanceSpec): Promise<string[]> {
  return (await readdir(folderOf(bench, instance))).filter((name) => /^(disk-|spool|media)/.test(name)).sort();
}

/** Until an install is in a step; the step may be over again when it resolves. */
export function stepBegan(bench: InstallBench, id: string, step: string): Promise<AgentEvent> {
  return bench.until((event) => statusIn(event, id)?.step === step);
}

/** The states that were told of an install, in their order. */
export function statesOf(bench: InstallBench, id: string): string[] {
  const states = bench.events().flatMap((event) => (event.type === "install.state" && event.installId === id ? [event.status.state] : []));
  return [...new Set(states)];
}

/** An order without an OS definition: what it is made of is given. */
export function plainOrder(order: ScriptOrder, change: Partial<InstallOrder>): InstallOrder {
  return { ...order, os: null, appliance: null, ...change };
}

/** A small server for packages and media. */
export interface FileServer {
  readonly url: (name: string) => string;
  /** What is asked for and isn't answered yet. */
  readonly held: Promise<void>;
  close(): Promise<void>;
}

export const PACKAGE = gzipSync(Buffer.from("an archive"));

/** Answers every `/held…` never, every `/slow…` with half of what it says it will send, and every other path with the archive. */
export async function serveFiles(): Promise<FileServer> {
  const held = Promise.withResolvers<undefined>();
  const server: Server = createServer((request, response) => {
    if (request.url?.startsWith("/held") === true) {
      held.resolve(undefined);
      return;
    }
    const isSlow = request.url?.startsWith("/slow") === true;
    response.writeHead(200, { "content-length": isSlow ? 2_097_152 : PACKAGE.length });
    if (isSlow) {
      response.write(Buffer.alloc(1_048_576, 1));
      return;
    }
    response.end(PACKAGE);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${String(port)}/${name}`,
    held: held.promise,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
