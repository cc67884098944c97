import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { z } from "zod";
import { LineSplitter } from "#lib/domain/guest-lines.ts";

const LONGEST_MESSAGE = 1_048_576;
const ANSWER_MS = 10_000;

const messageSchema = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() }),
  z.object({ id: z.number(), return: z.unknown() }),
  z.object({ id: z.number(), error: z.object({ class: z.string(), desc: z.string() }) }),
]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** QEMU's monitor: JSON lines on a unix socket. Emits `event` with QEMU's own events, `close` when the connection is gone. */
export class QmpClient extends EventEmitter<{ event: [name: string, data: Readonly<Record<string, unknown>>]; close: [] }> {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #onGreeting: (() => void) | null = null;

  private constructor(socket: Socket) {
    super();
    this.#socket = socket;
    const lines = new LineSplitter(LONGEST_MESSAGE, (line) => {
      this.#take(line);
    });
    socket.on("data", (chunk) => {
      lines.write(chunk);
    });
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("QEMU's monitor is gone"));
      this.#waiting.clear();
      this.emit("close");
    });
  }

  /** Connects, waits for QEMU's greeting and takes the connection into use. */
  static async connect(path: string, timeoutMs: number): Promise<QmpClient> {
    const client = new QmpClient(connect(path));
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error("QEMU's monitor says nothing"));
        }, timeoutMs);
        client.#onGreeting = () => {
          clearTimeout(timer);
          resolve();
        };
        client.once("close", () => {
          clearTimeout(timer);
          reject(new Error("QEMU's monitor can't be reached"));
        });
      });
      await client.execute("qmp_capabilities");
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  execute(command: string): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`QEMU doesn't answer ${command}`));
      }, ANSWER_MS);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      if (this.#socket.destroyed) {
        settle(reject)(new Error("QEMU's monitor is gone"));
        return;
      }
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#socket.write(`${JSON.stringify({ execute: command, id })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(line: Buffer): void {
    if (line.length === 0) return;
    let message: z.infer<typeof messageSchema>;
    try {
      message = messageSchema.parse(JSON.parse(line.toString("utf8")));
    } catch {
      // Not a monitor: whatever it is, nothing that it says can be relied on.
      this.close();
      return;
    }
    if ("QMP" in message) {
      this.#onGreeting?.();
    } else if ("event" in message) {
      this.emit("event", message.event, message.data ?? {});
    } else {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ("error" in message) waiting?.reject(new Error(`QEMU refused: ${message.error.desc}`));
      else waiting?.resolve(message.return);
    }
  }
}
