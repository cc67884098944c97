import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import type { Logger } from "pino";
import { SlipwayError } from "#lib/domain/errors.ts";
import { LineSplitter } from "#lib/domain/guest-lines.ts";
import { formatRequest, HELPER_LINE_BYTES, type HelperLine, type HelperValues, parseHelperLine } from "./helper-lines.ts";
import { helperRefusal } from "./helper-refusal.ts";

const VERSION = "1";
/** For the helper to answer; it waits for the kernel and for nobody else. */
const ANSWER_MS = 15_000;
const RECONNECT_MS = { first: 50, most: 2_000 } as const;
/** How long a helper that has just gone is waited for: whoever looks after it starts it again. */
const RESTART_MS = 10_000;

/** What the helper says of itself at the start of a connection. */
export interface HelperGreeting {
  readonly bridges: readonly string[];
  readonly routed: boolean;
  /** Whether trusted scripts of OS definitions may run on this host, and can be held. */
  readonly scripts: boolean;
}

export interface HelperAnswer {
  readonly values: HelperValues;
  readonly items: readonly HelperValues[];
}

export interface HelperClientOptions {
  readonly socket: string;
  readonly log: Logger;
  /** Left out: ten seconds. */
  readonly restartMs?: number;
}

interface Pending {
  readonly items: HelperValues[];
  readonly resolve: (answer: HelperAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The connection ended before the answer came. Every request of the agent's may be sent again. */
class BrokenOff extends Error {}

/**
 * The agent's one long connection to the privileged helper (helper/PROTOCOL.md): requests with numbers, and what nobody asked for. It
 * comes back by itself when the helper does. Emits `ready` at the start of each connection, before anything else is asked.
 */
export class HelperClient extends EventEmitter<{ ready: []; notice: [what: string, values: HelperValues] }> {
  readonly #options: HelperClientOptions;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #socket: Socket | null = null;
  #greeting: HelperGreeting | null = null;
  /** Since when it has been away, on a clock that only goes forward. */
  #awayAt = performance.now();
  #delay: number = RECONNECT_MS.first;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #hasTold = false;

  constructor(options: HelperClientOptions) {
    super();
    this.#options = options;
    this.#connect();
  }

  /** Null while it is away. */
  get greeting(): HelperGreeting | null {
    return this.#greeting;
  }

  /**
   * Asks the helper for something, again where it was restarted meanwhile: all requests are idempotent.
   *
   * @throws SlipwayError `unsupported` where it is away; what it refuses with otherwise
   */
  async ask(verb: string, values: Readonly<Record<string, string | undefined>> = {}): Promise<HelperAnswer> {
    for (;;) {
      await this.#untilReady();
      try {
        return await this.#send(verb, values);
      } catch (error) {
        if (!(error instanceof BrokenOff)) throw error;
      }
    }
  }

  /** What it says of itself now: bridges come and go. Null while it is away; nobody waits for it here. */
  async greetAgain(): Promise<HelperGreeting | null> {
    if (this.#greeting === null) return null;
    try {
      const { values } = await this.#send("hello", { version: VERSION });
      this.#greeting = readGreeting(values);
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error;
    }
    return this.#greeting;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.emit("ready");
  }

  #connect(): void {
    const socket = connect(this.#options.socket);
    this.#socket = socket;
    const lines = new LineSplitter(HELPER_LINE_BYTES, (line, cut) => {
      const parsed = cut > 0 ? null : parseHelperLine(line.toString("latin1"));
      if (parsed === null) socket.destroy(new Error("the helper said something that can't be understood"));
      else this.#take(parsed);
    });
    socket.on("data", (bytes: Buffer) => {
      lines.write(bytes);
    });
    socket.on("error", (error) => {
      if (this.#hasTold) return;
      this.#hasTold = true;
      this.#options.log.warn({ err: error }, "the helper can't be reached");
    });
    socket.once("connect", () => {
      this.#greet(socket).catch((error: unknown) => socket.destroy(error instanceof Error ? error : undefined));
    });
    socket.once("close", () => {
      this.#lose();
    });
  }

  async #greet(socket: Socket): Promise<void> {
    const { values } = await this.#send("hello", { version: VERSION });
    if (values.get("version") !== VERSION) throw new Error("the helper speaks another version of its protocol");
    if (this.#socket !== socket) return;
    this.#greeting = readGreeting(values);
    this.#delay = RECONNECT_MS.first;
    this.#hasTold = false;
    this.#options.log.info(this.#greeting, "the helper is there");
    this.emit("ready");
  }

  #lose(): void {
    if (this.#greeting !== null) {
      this.#awayAt = performance.now();
      this.#options.log.warn("the helper is away; guests that run go on");
    }
    this.#greeting = null;
    this.#socket = null;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new BrokenOff());
    }
    this.#pending.clear();
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#connect();
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, RECONNECT_MS.most);
  }

  #take(line: HelperLine): void {
    if (line.kind === "notice") {
      this.emit("notice", line.what, line.values);
      return;
    }
    const pending = this.#pending.get(line.number);
    if (pending === undefined) return;
    if (line.kind === "item") {
      pending.items.push(line.values);
      return;
    }
    this.#pending.delete(line.number);
    clearTimeout(pending.timer);
    if (line.kind === "ok") pending.resolve({ values: line.values, items: pending.items });
    else pending.reject(helperRefusal(line.code, line.sentence));
  }

  #send(verb: string, values: Readonly<Record<string, string | undefined>>): Promise<HelperAnswer> {
    const socket = this.#socket;
    if (socket === null) return Promise.reject(new BrokenOff());
    const number = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      const line = formatRequest(number, verb, values);
      const timer = setTimeout(() => {
        this.#pending.delete(number);
        reject(away("The node's network helper doesn't answer."));
        // Whatever it still says belongs to nothing: another connection begins anew.
        socket.destroy();
      }, ANSWER_MS);
      this.#pending.set(number, { items: [], resolve, reject, timer });
      socket.write(line);
    });
  }

  async #untilReady(): Promise<void> {
    const { restartMs = RESTART_MS } = this.#options;
    while (this.#greeting === null) {
      const left = this.#awayAt + restartMs - performance.now();
      if (left <= 0 || this.#isClosed) throw away("The node's network helper isn't running.");
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.off("ready", done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.on("ready", done);
      });
    }
  }
}

function readGreeting(values: HelperValues): HelperGreeting {
  const bridges = (values.get("bridges") ?? "").split(",").filter((name) => name !== "");
  return { bridges, routed: values.get("routed") === "yes", scripts: values.get("scripts") === "yes" };
}

function away(what: string): SlipwayError {
  return new SlipwayError("unsupported", `${what} An administrator has to start slipway-helper on the node; guests that run go on.`);
}
