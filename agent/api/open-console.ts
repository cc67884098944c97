import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { CONSOLE_PROTOCOL } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { AgentBackend } from "./backend.ts";
import { statusOf, toAnswer } from "./errors.ts";

const CONSOLE_PATH = /^\/v1\/instances\/([^/]+)\/console$/;
/** A connection whose other end is gone without a word is found out by the kernel, about ten seconds after this. */
const ALIVE_MS = 10_000;
/** For what is still to go out when the agent shuts down. */
const LAST_BYTES_MS = 1_000;

export interface ConsoleCall {
  readonly backend: AgentBackend;
  readonly log: Logger;
  /** Whether the certificate's name is on the list. */
  readonly isAllowed: (socket: Duplex) => boolean;
  /** Aborted when the agent shuts down. */
  readonly closing: AbortSignal;
}

/**
 * `GET /v1/instances/:id/console` with `upgrade: slipway-console`: after the 101 the connection is the guest's serial console, bytes both
 * ways, until one side ends it. A refusal is answered like any other.
 */
export async function openConsole({ backend, log, isAllowed, closing }: ConsoleCall, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  // Whatever breaks here is the caller's connection.
  socket.on("error", () => socket.destroy());
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  try {
    if (!isAllowed(socket)) throw new SlipwayError("not_allowed", "The certificate's name isn't on this agent's list of clients.");
    const id = CONSOLE_PATH.exec(path)?.[1];
    if (id === undefined || request.method !== "GET") throw new SlipwayError("unknown_object", "There is no such route.");
    if (request.headers.upgrade?.toLowerCase() !== CONSOLE_PROTOCOL) throw new SlipwayError("invalid", `A console speaks ${CONSOLE_PROTOCOL}.`, { field: "upgrade" });
    await backend.openConsole(z.uuid().parse(id), () => {
      socket.write(`HTTP/1.1 101 ${STATUS_CODES[101] ?? ""}\r\nConnection: Upgrade\r\nUpgrade: ${CONSOLE_PROTOCOL}\r\n\r\n`);
      if (head.length > 0) socket.unshift(head);
      if (socket instanceof TLSSocket) socket.setKeepAlive(true, ALIVE_MS).setNoDelay(true).setTimeout(0);
      endWith(closing, socket);
      log.info({ instance: id }, "somebody is at a serial console");
      return socket;
    });
  } catch (error) {
    const { code, message, field, cause } = toAnswer(error);
    if (code === "internal") log.error({ path, err: cause }, "a console couldn't be opened");
    else log.info({ path, code, field }, "a console was refused");
    const body = JSON.stringify({ code, message, ...(field === undefined ? {} : { field }) });
    const status = statusOf(code);
    const lines = [`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ""}`, "Connection: close", "Content-Type: application/json", `Content-Length: ${String(Buffer.byteLength(body))}`];
    socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }
}

function endWith(closing: AbortSignal, socket: Duplex): void {
  const onAbort = (): void => {
    // What was written still goes out, if somebody takes it.
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LAST_BYTES_MS);
    socket.once("close", () => {
      clearTimeout(timer);
    });
  };
  closing.addEventListener("abort", onAbort, { once: true });
  socket.once("close", () => {
    closing.removeEventListener("abort", onAbort);
  });
}
