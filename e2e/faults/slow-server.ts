import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";

/** What is served under a path. */
export interface Content {
  readonly bytes: Buffer;
  /** Half of it is sent, and the rest when `release` is called. */
  readonly holds: boolean;
}

/** Serves images and packages, slowly where it is told to. */
export class SlowServer {
  readonly #server: Server;
  readonly #contents = new Map<string, Content>();
  #waiting: (() => void)[] = [];
  #reached: (() => void)[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const content = this.#contents.get(new URL(request.url ?? "/", "http://localhost").pathname);
      if (content === undefined) {
        response.writeHead(404).end("nothing here");
        return;
      }
      void this.#send(request.method ?? "GET", request.headers.range, content, response);
    });
  }

  static async listen(): Promise<SlowServer> {
    const server = new SlowServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  /** @returns its address */
  offer(path: string, content: Content): string {
    this.#contents.set(path, content);
    // It listens on TCP, and its address is one of those.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** Resolves when somebody has been sent half of what holds. */
  async held(): Promise<void> {
    if (this.#waiting.length > 0) return;
    await new Promise<void>((resolve) => this.#reached.push(resolve));
  }

  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async close(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #send(method: string, range: string | undefined, { bytes, holds }: Content, response: ServerResponse): Promise<void> {
    const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`;
    const headers = { "content-length": bytes.length - from, "accept-ranges": "bytes", etag };
    if (from > 0) response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
    else response.writeHead(200, headers);
    if (method === "HEAD" || /^bytes=0-0$/.test(range ?? "")) {
      response.end(method === "HEAD" ? undefined : bytes.subarray(from));
      return;
    }
    const half = Math.max(from, Math.floor(bytes.length / 2));
    if (holds && from <= half) {
      response.write(bytes.subarray(from, half));
      const gone = once(response, "close");
      const released = new Promise<void>((resolve) => this.#waiting.push(resolve));
      for (const tell of this.#reached.splice(0)) tell();
      await Promise.race([gone, released]);
      response.end(bytes.subarray(half));
      return;
    }
    response.end(bytes.subarray(from));
  }
}
