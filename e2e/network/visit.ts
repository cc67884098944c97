import { connect } from "node:net";
import { text } from "node:stream/consumers";

const VISIT_MS = 10_000;

/** The port at which a probe relays (guests/probe/tcp.c). */
export const RELAY_PORT = 8_081;

/** What a guest's own request for a path is answered; status null: it wasn't, as `body` says. */
export async function askAsGuest(address: string, path: string): Promise<{ readonly status: number | null; readonly body: string }> {
  const connection = connect({ host: address, port: RELAY_PORT, timeout: 2 * VISIT_MS });
  connection.once("timeout", () => {
    connection.destroy(new Error(`the guest at ${address} says nothing`));
  });
  connection.write(`${path}\n`);
  const answer = await text(connection);
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
  return status === undefined ? { status: null, body: answer } : { status: Number(status), body: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
}

/** Connects to a service and returns what it says of its own accord. */
export async function greetingOf(address: string, port: number): Promise<string> {
  const connection = connect({ host: address, port, timeout: VISIT_MS });
  connection.once("timeout", () => {
    connection.destroy(new Error(`${address} port ${port} says nothing`));
  });
  return text(connection);
}
