import { createServer, request as sendRequest } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Account, TestServices } from "#lib/http/testing-services.ts";
import { basic } from "#lib/http/testing-services.ts";
import { createRapiHandler } from "./handler.ts";

export interface RapiAnswer {
  readonly statusLine: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly json: unknown;
}

export interface RapiRequestOptions {
  readonly as?: Account | null;
  readonly body?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** Sends requests as the remote API's clients do: a body with any verb, GET included. */
export interface RapiTestServer {
  ask(method: string, path: string, options?: RapiRequestOptions): Promise<RapiAnswer>;
  stop(): Promise<void>;
}

export async function startRapiTestServer({ services }: TestServices): Promise<RapiTestServer> {
  const stopping = new AbortController();
  const handler = createRapiHandler(services, stopping.signal);
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    ask: (method, path, options = {}) => ask(port, method, path, options),
    stop: async () => {
      stopping.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ask(port: number, method: string, path: string, { as = "admin", body, headers = {} }: RapiRequestOptions): Promise<RapiAnswer> {
  return new Promise((resolve, reject) => {
    const typed = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = sendRequest({ host: "127.0.0.1", port, method, path, agent: false, headers: { ...(as === null ? {} : basic(as)), ...typed, ...headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        resolve({
          statusLine: `${response.statusCode ?? 0} ${response.statusMessage ?? ""}`,
          headers: response.headers,
          text,
          json: text === "" ? undefined : JSON.parse(text),
        });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
