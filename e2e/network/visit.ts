import { connect } from "node:net";
import { text } from "node:stream/consumers";

const VISIT_MS = 10_000;

/** Connects to a service and returns what it says of its own accord. */
export async function greetingOf(address: string, port: number): Promise<string> {
  const connection = connect({ host: address, port, timeout: VISIT_MS });
  connection.once("timeout", () => {
    connection.destroy(new Error(`${address} port ${port} says nothing`));
  });
  return text(connection);
}
