import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a node in the tests' namespace fetches images and packages from. */
export class FileServer {
  readonly #server: Server;
  readonly #files = new Map<string, { readonly bytes: Buffer; readonly held: Promise<undefined> }>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      const file = this.#files.get(request.url ?? "");
      if (file === undefined) {
        response.writeHead(404).end();
        return;
      }
      const { bytes, held } = file;
      const middle = bytes.length >> 1;
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, middle));
      void held.then(() => {
        response.end(bytes.subarray(middle));
      });
    });
  }

  static async start(): Promise<FileServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FileServer(server);
  }

  /** @returns the file's address. */
  serve(name: string, bytes: Buffer): string {
    this.#files.set(`/${name}`, { bytes, held: Promise.resolve(undefined) });
    return this.#address(name);
  }

  /** The same, but half of it comes only when it is released. */
  serveHeld(name: string, bytes: Buffer): { readonly url: string; readonly release: () => void } {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#files.set(`/${name}`, { bytes, held: promise });
    return {
      url: this.#address(name),
      release: () => {
        resolve(undefined);
      },
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #address(name: string): string {
    // A server that listens on TCP has an address of this kind.
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/${name}`;
  }
}
