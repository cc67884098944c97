import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "pino";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { decodeLine, type GuestLine, GUEST_LIMITS, LineSplitter } from "#lib/domain/guest-lines.ts";
import type { GuestEar } from "./guest-ear.ts";

/** The socket's name, in the guest's RUN_FOLDER. */
export const HOST_PIPE_SOCKET = "pipe.sock";
/** Bytes that wait for the script to read them. */
const MOST_WAITING_BYTES = 262_144;
/** Lines of the agent's own begin with it. No guest's line can: it is a control character. */
const OWN = "\u0001";
const AUTHOR = "host script";

/**
 * The host's end of an install's pipe, for the trusted script that runs beside the appliance (design: metadata, "The trusted script of
 * the same install … reads the same stream on the host and can answer through `read`"): a socket on which every line comes that the
 * guest writes from then on, scrubbed as in the log, and whose lines the guest reads. One connection at a time. Who reads too slowly
 * is told what was left out, in a line that begins with U+0001.
 */
export class HostPipe {
  readonly #server: Server;
  readonly #log: Logger;
  #script: Socket | null = null;
  #lost = 0;

  private constructor(server: Server, ear: GuestEar, log: Logger) {
    this.#server = server;
    this.#log = log;
    server.on("connection", (socket) => {
      this.#take(socket, ear);
    });
  }

  /** `path`: of a folder that is the agent's alone; whoever may connect speaks to the guest. */
  static async listen(path: string, ear: GuestEar, log: Logger): Promise<HostPipe> {
    await rm(path, { force: true });
    const server = createServer({ allowHalfOpen: true });
    const pipe = new HostPipe(server, ear, log);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    await chmod(path, 0o600);
    return pipe;
  }

  /** A line of the guest's. */
  pass(line: GuestLine): void {
    const script = this.#script;
    if (script === null) return;
    if (script.writableLength > MOST_WAITING_BYTES) {
      this.#lost += 1;
      return;
    }
    this.#tellLoss(script);
    script.write(`${line.kind === "log" ? line.text : JSON.stringify({ step: line.step, percent: line.percent, message: line.message })}\n`);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    if (this.#script !== null) {
      this.#tellLoss(this.#script);
      this.#script.destroySoon();
    }
    await closed;
  }

  #take(socket: Socket, ear: GuestEar): void {
    socket.on("error", () => socket.destroy());
    if (this.#script !== null) {
      socket.destroy();
      return;
    }
    this.#script = socket;
    this.#lost = 0;
    const lines = new LineSplitter(GUEST_LIMITS.lineBytes, (line, cut) => {
      if (cut > 0) tell(socket, "a line is longer than the guest may be told; its end was left out");
      this.#say(ear, decodeLine(line), socket);
    });
    socket.on("data", (bytes: Buffer) => {
      lines.write(bytes);
    });
    socket.once("end", () => {
      lines.end();
      socket.end();
    });
    socket.on("drain", () => {
      this.#tellLoss(socket);
    });
    socket.once("close", () => {
      this.#script = null;
    });
  }

  #say(ear: GuestEar, line: string, socket: Socket): void {
    try {
      ear.say({ author: AUTHOR, line });
    } catch (error) {
      if (!isSlipwayError(error)) this.#log.error({ err: error }, "a host script's line can't be passed on");
      tell(socket, "the guest hasn't read what it was told before; a line was left out");
    }
  }

  #tellLoss(script: Socket): void {
    if (this.#lost === 0) return;
    tell(script, `${String(this.#lost)} lines of the guest were left out: they weren't read in time`);
    this.#lost = 0;
  }
}

function tell(script: Socket, text: string): void {
  // A script that writes and never reads isn't told for ever.
  if (script.writableLength <= 2 * MOST_WAITING_BYTES) script.write(`${OWN}${text}\n`);
}
