/** Somebody at a serial console, by WebSocket, as the console's page is. */
import { once } from "node:events";
import { WebSocket } from "ws";
import type { Stack } from "../stack.ts";

/** How long something may take to appear, in milliseconds. */
const SHOW_MS = 120_000;

export class Terminal {
  readonly #socket: WebSocket;
  #text = "";
  #look: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#text += data.toString("utf8");
      this.#look();
    });
  }

  static async open(stack: Stack, name: string): Promise<Terminal> {
    const address = new URL(`/api/v1/instances/${name}/console`, stack.consoleUrl);
    address.protocol = "ws:";
    const socket = new WebSocket(address, { headers: { authorization: `Basic ${Buffer.from(`${stack.adminUser}:${stack.adminPassword}`).toString("base64")}` } });
    const terminal = new Terminal(socket);
    await once(socket, "open");
    return terminal;
  }

  type(text: string): void {
    this.#socket.send(text);
  }

  /** What was shown from the last look up to this. */
  async saw(wanted: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => reject(new Error(`the console hasn't shown ${String(wanted)}: ${this.#text.slice(-2_000)}`)), SHOW_MS);
    this.#look = () => {
      const found = wanted.exec(this.#text);
      if (found === null) return;
      const end = found.index + found[0].length;
      const shown = this.#text.slice(0, end);
      this.#text = this.#text.slice(end);
      this.#look = () => undefined;
      resolve(shown);
    };
    this.#look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
