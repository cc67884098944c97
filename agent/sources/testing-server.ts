import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { FetchLimits } from "./fetch-options.ts";

/** So short that a test waits for none of them, and long enough for a busy machine where it should not meet them. */
export const QUICK: FetchLimits = { headersMs: 20_000, stallMs: 20_000, totalMs: 60_000, tries: 4, pauseMs: 1 };

export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** A server on loopback that answers as a test says. @param tls PEM of its key and certificate */
export async function startServer(answer: (request: IncomingMessage, response: ServerResponse) => void, tls?: { readonly key: string; readonly cert: string }): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    answer(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // It listens on a port of an address.
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${String(port)}`,
    port,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers as a server of files does, ranges and validators included. */
export function serveFile(content: Buffer, headers: Readonly<Record<string, string>> = { ETag: '"one"' }): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const isSame = request.headers["if-range"] === headers["ETag"];
    if (from === undefined || !isSame) {
      response.writeHead(200, { ...headers, "Content-Length": content.length }).end(content);
      return;
    }
    const rest = content.subarray(Number(from));
    response.writeHead(206, { ...headers, "Content-Length": rest.length, "Content-Range": `bytes ${from}-${String(content.length - 1)}/${String(content.length)}` }).end(rest);
  };
}

/** Sends the beginning of a file, and loses the connection. */
export function breakOff(response: ServerResponse, content: Buffer, bytes: number, headers: Readonly<Record<string, string>> = { ETag: '"one"' }): void {
  response.writeHead(200, { ...headers, "Content-Length": content.length });
  response.write(content.subarray(0, bytes), () => response.socket?.destroy());
}
