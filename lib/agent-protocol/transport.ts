import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Agent, type AgentOptions, request } from "node:https";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { agentErrorSchema } from "./messages.ts";
import { AgentRefusal } from "./refusal.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

export interface AgentClientOptions {
  readonly address: { readonly host: string; readonly port: number };
  /** The node's name: the server's certificate must be for it. */
  readonly serverName: string;
  /** PEM texts: the controller's certificate and key, and the cluster's CA. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  /** sha256 of the one certificate that the agent may show, lower-case hex; any of the CA's for that name unless given. */
  readonly certificate?: string;
}

export interface Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: { readonly type: "application/json"; readonly text: string } | { readonly type: "application/octet-stream"; readonly bytes: AsyncIterable<Uint8Array>; readonly length: number };
  /** Time for the whole call; null: none but that bytes must move (for transfers and streams). */
  readonly timeoutMs: number | null;
  readonly signal?: AbortSignal | undefined;
  /** The node may take its time: over disks, a guest's end, somebody's server. It must not stand in the way of what can't wait. */
  readonly isLong?: boolean;
}

/** No byte for so long, in either direction, and the connection counts as dead. Event streams say something every 10 s. */
const SILENCE_MS = 30_000;
/** An answer that is read as a whole. */
const LARGEST_ANSWER_BYTES = 4 * 1_048_576;

function unreachable(serverName: string, cause: unknown): SlipwayError {
  return new SlipwayError("node_unreachable", `The agent of node ${serverName} can't be reached.`, { cause });
}

/** A certificate that the cluster has replaced or taken back is the CA's too, and no longer counts. */
function otherCertificate(shown: PeerCertificate, expected: string | undefined): Error | undefined {
  if (expected === undefined || shown.fingerprint256.replaceAll(":", "").toLowerCase() === expected) return undefined;
  return Object.assign(new Error("the agent's certificate isn't the one that was issued last"), { code: "ERR_CERTIFICATE_REPLACED" });
}

/** Connections to one agent over mutual TLS, kept open between calls. */
export class AgentTransport {
  readonly #options: AgentClientOptions;
  /** For what an agent answers at once, and its events: leases die where these calls have to wait. */
  readonly #agent: Agent;
  /** For calls that may take long. */
  readonly #patient: Agent;

  constructor(options: AgentClientOptions) {
    this.#options = options;
    const connections: AgentOptions = {
      ...options.tls,
      servername: options.serverName,
      minVersion: "TLSv1.3",
      checkServerIdentity: (name, shown) => checkServerIdentity(name, shown) ?? otherCertificate(shown, options.certificate),
      keepAlive: true,
      keepAliveMsecs: 10_000,
      scheduling: "lifo",
    };
    this.#agent = new Agent({ ...connections, maxSockets: 16 });
    // An agent takes 256 connections, consoles and other controllers' among them.
    this.#patient = new Agent({ ...connections, maxSockets: 64 });
  }

  /** Sends a call and returns the answer's head, with its body still to be read. Refusals are thrown. */
  open(call: Call, silenceMs: number | null = SILENCE_MS): Promise<IncomingMessage> {
    const { address, serverName } = this.#options;
    const signals = [call.signal, call.timeoutMs === null ? undefined : AbortSignal.timeout(call.timeoutMs)].filter((signal) => signal !== undefined);
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent: call.isLong === true ? this.#patient : this.#agent,
        host: address.host,
        port: address.port,
        servername: serverName,
        method: call.method,
        path: call.path,
        headers: headersOf(call),
        signal: AbortSignal.any(signals),
      });
      if (silenceMs !== null) {
        outgoing.setTimeout(silenceMs, () => {
          outgoing.destroy(new Error("no byte came in time"));
        });
      }
      outgoing.once("error", (error) => {
        reject(call.signal?.aborted === true ? error : unreachable(serverName, error));
      });
      outgoing.once("response", (response) => {
        const { statusCode = 0 } = response;
        if (statusCode < 400) resolve(response);
        else readRefusal(response, serverName).then(reject, reject);
      });
      void send(outgoing, call);
    });
  }

  /** Asks for a connection of its own that speaks another protocol from here on. Refusals are thrown. */
  upgrade(path: string, protocol: string, timeoutMs: number, signal?: AbortSignal): Promise<Duplex> {
    const { address, serverName } = this.#options;
    return new Promise((resolve, reject) => {
      const headers = { connection: "Upgrade", upgrade: protocol };
      const outgoing = request({ agent: this.#agent, host: address.host, port: address.port, servername: serverName, method: "GET", path, headers });
      const timer = setTimeout(() => outgoing.destroy(new Error("no answer came in time")), timeoutMs);
      const onAbort = (): void => {
        outgoing.destroy(new Error("the caller has gone"));
      };
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      outgoing.once("error", (error) => {
        settle();
        reject(unreachable(serverName, error));
      });
      outgoing.once("upgrade", (_response, socket, head) => {
        settle();
        // From here on it breaks like any stream: whoever reads it hears of its end.
        socket.on("error", () => socket.destroy());
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      outgoing.once("response", (response) => {
        settle();
        readRefusal(response, serverName).then(reject, reject);
      });
      outgoing.end();
    });
  }

  /** Sends a call and reads the whole answer as JSON; undefined where it has no body. */
  async json(call: Call, silenceMs?: number | null): Promise<unknown> {
    const response = await this.open(call, silenceMs);
    try {
      const text = await readText(response);
      return text === "" ? undefined : JSON.parse(text);
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      throw unreachable(this.#options.serverName, error);
    }
  }

  /** Sends a call and reads the whole answer as it is. One of more than `limit` bytes counts as none. */
  async bytes(call: Call, limit: number): Promise<Uint8Array> {
    const response = await this.open(call);
    try {
      return await readBytes(response, limit);
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      throw unreachable(this.#options.serverName, error);
    }
  }

  close(): void {
    this.#agent.destroy();
    this.#patient.destroy();
  }
}

function headersOf(call: Call): Record<string, string | number> {
  if (call.body === undefined) return {};
  const length = "text" in call.body ? Buffer.byteLength(call.body.text) : call.body.length;
  return { "content-type": call.body.type, "content-length": length };
}

async function send(outgoing: ReturnType<typeof request>, call: Call): Promise<void> {
  try {
    if (call.body !== undefined && "bytes" in call.body) {
      for await (const chunk of call.body.bytes) {
        if (outgoing.destroyed) return;
        if (!outgoing.write(chunk)) await drained(outgoing);
      }
    }
    outgoing.end(call.body !== undefined && "text" in call.body ? call.body.text : undefined);
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error("the body can't be read"));
  }
}

/** Until more can be written, or there is nobody to write to. */
function drained(outgoing: ReturnType<typeof request>): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      outgoing.off("drain", finish);
      outgoing.off("close", finish);
      resolve();
    };
    outgoing.once("drain", finish);
    outgoing.once("close", finish);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  return (await readBytes(response, LARGEST_ANSWER_BYTES)).toString("utf8");
}

async function readBytes(response: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  // Without an encoding set, an answer yields buffers.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new Error("the answer is too long");
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function readRefusal(response: IncomingMessage, serverName: string): Promise<SlipwayError> {
  try {
    const parsed = agentErrorSchema.parse(JSON.parse(await readText(response)));
    return new AgentRefusal(parsed.code, parsed.message, parsed.field);
  } catch (error) {
    return unreachable(serverName, error);
  }
}
