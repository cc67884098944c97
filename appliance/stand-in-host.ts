/**
 * What the runner meets in its tests: the paths of the metadata service that it uses, on a port of loopback, with what it
 * wrote kept in order. Contract: appliance/README.md, "What the appliance asks".
 */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TarFile } from "#lib/domain/write-tar.ts";
import { writeTar } from "#lib/domain/write-tar.ts";

export interface StandInHost {
  readonly port: number;
  /** Every line that was answered with 204, and the number of the first one of its POST. */
  readonly lines: readonly string[];
  readonly posts: readonly { readonly firstLine: number; readonly body: string; readonly answered: boolean }[];
  readonly requests: readonly string[];
  /** Bodies of POSTs to other paths than `write`, by path; only those that came to their proper end. */
  readonly streams: ReadonlyMap<string, Buffer>;
  /** Of those that broke off, the paths. */
  readonly broken: readonly string[];
  readonly connections: () => number;
  /** Resolves once `line` has been answered. */
  readonly saw: (line: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StandInSettings {
  readonly metadata: unknown;
  readonly parameters?: unknown;
  readonly files: readonly TarFile[];
  /** What is given as a stream, by path. One that is cut ends its connection after half of it. */
  readonly give?: ReadonlyMap<string, { readonly bytes: Buffer; readonly cut?: boolean }>;
  /** With what streams are refused, before anything of them is read. */
  readonly refuseStreams?: number;
  /** Paths that are answered with 404. */
  readonly missing?: readonly string[];
  /** How the POST with this number, from 0, is treated; answered unless said otherwise. */
  readonly treat?: (post: number) => "answer" | "break before answering" | "fail with 503" | "answer and close";
}

export async function startStandInHost(settings: StandInSettings): Promise<StandInHost> {
  const lines: string[] = [];
  const posts: { firstLine: number; body: string; answered: boolean }[] = [];
  const requests: string[] = [];
  const streams = new Map<string, Buffer>();
  const broken: string[] = [];
  const waiting = new Map<string, () => void>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const documents = new Map<string, string | Buffer>([
    ["/ganeti/latest/meta_data.json", JSON.stringify(settings.metadata)],
    ["/ganeti/latest/os/parameters.json", JSON.stringify(settings.parameters ?? {})],
    ["/ganeti/latest/os/untrusted.tar", writeTar(settings.files)],
  ]);
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(`${request.method ?? ""} ${path}`);
    const given = settings.give?.get(path);
    if (given !== undefined) {
      response.writeHead(200, { "content-length": given.bytes.length });
      if (given.cut === true) response.write(given.bytes.subarray(0, given.bytes.length / 2), () => request.socket.destroySoon());
      else response.end(given.bytes);
      return;
    }
    if (request.method === "GET") {
      const document = settings.missing?.includes(path) === true ? undefined : documents.get(path);
      response.statusCode = document === undefined ? 404 : 200;
      response.end(document);
      return;
    }
    const chunks: Buffer[] = [];
    const isStream = !path.endsWith("/write");
    if (isStream && settings.refuseStreams !== undefined) {
      response.writeHead(settings.refuseStreams, { connection: "close", "content-length": 0 }).end();
      return;
    }
    if (isStream) request.on("error", () => broken.push(path));
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (isStream) {
        streams.set(path, Buffer.concat(chunks));
        response.writeHead(204).end();
        return;
      }
      const body = Buffer.concat(chunks).toString("utf8");
      const treatment = settings.treat?.(posts.length) ?? "answer";
      const answered = treatment === "answer" || treatment === "answer and close";
      posts.push({ firstLine: Number(request.headers["slipway-first-line"]), body, answered });
      if (treatment === "break before answering") {
        request.socket.destroy();
        return;
      }
      if (treatment === "answer and close") response.setHeader("connection", "close");
      response.statusCode = answered ? 204 : 503;
      response.end();
      if (!answered) return;
      for (const line of body.split("\n").slice(0, -1)) {
        lines.push(line);
        waiting.get(line)?.();
      }
    });
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // A server that listens on a port has this kind of address.
    port: (server.address() as AddressInfo).port,
    lines,
    posts,
    requests,
    streams,
    broken,
    connections: () => connections,
    saw: (line) => (lines.includes(line) ? Promise.resolve() : new Promise((resolve) => waiting.set(line, resolve))),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
