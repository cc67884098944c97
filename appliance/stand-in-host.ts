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
  readonly connections: () => number;
  /** Resolves once `line` has been answered. */
  readonly saw: (line: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StandInSettings {
  readonly metadata: unknown;
  readonly parameters?: unknown;
  readonly files: readonly TarFile[];
  /** Paths that are answered with 404. */
  readonly missing?: readonly string[];
  /** How the POST with this number, from 0, is treated; answered unless said otherwise. */
  readonly treat?: (post: number) => "answer" | "break before answering" | "fail with 503" | "answer and close";
}

export async function startStandInHost(settings: StandInSettings): Promise<StandInHost> {
  const lines: string[] = [];
  const posts: { firstLine: number; body: string; answered: boolean }[] = [];
  const requests: string[] = [];
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
    if (request.method === "GET") {
      const document = settings.missing?.includes(path) === true ? undefined : documents.get(path);
      response.statusCode = document === undefined ? 404 : 200;
      response.end(document);
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
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
    connections: () => connections,
    saw: (line) => (lines.includes(line) ? Promise.resolve() : new Promise((resolve) => waiting.set(line, resolve))),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
