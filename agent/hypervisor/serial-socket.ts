import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { SerialSink } from "./hypervisor.ts";

/**
 * The agent's end of a guest's serial console. QEMU connects to it, again each second after the agent was away; what the
 * guest says meanwhile is lost, and never written anywhere unscrubbed.
 */
export class SerialSocket {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly connected: Promise<void>;

  private constructor(server: Server, sink: SerialSink) {
    this.#server = server;
    let onConnected: () => void;
    this.connected = new Promise((resolve) => (onConnected = resolve));
    server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("data", sink);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => this.#connections.delete(socket));
      onConnected();
    });
  }

  static async listen(path: string, sink: SerialSink): Promise<SerialSocket> {
    await rm(path, { force: true });
    const server = createServer();
    const socket = new SerialSocket(server, sink);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    return socket;
  }

  /** Sends bytes to QEMU, where it is connected. Resolves when more may be sent, or there is nobody to send to. */
  async write(bytes: Buffer): Promise<void> {
    const socket = [...this.#connections].at(-1);
    if (socket?.writable !== true || socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        socket.off("drain", finish);
        socket.off("close", finish);
        resolve();
      };
      socket.once("drain", finish);
      socket.once("close", finish);
    });
  }

  /** Stops listening; what QEMU has sent until now is still read. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const connection of this.#connections) {
      // At the other end there may be a QEMU that goes on.
      connection.end();
      connection.destroySoon();
    }
    await closed;
  }

  /** Resolves when QEMU has closed its end and everything that it sent was passed on. */
  async drained(): Promise<void> {
    await Promise.all([...this.#connections].map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()))));
  }
}
