import type { InstallOrder } from "./messages.ts";

/**
 * An order as it goes over mutual TLS to the agent of the instance's node: the one message that carries private and secret
 * values (design: "controller to agent, over mutual TLS"). The result must go into a request body and nowhere else.
 */
export function encodeInstallOrder(order: InstallOrder): string {
  const parameters = Object.fromEntries(
    [...order.parameters].map(([name, parameter]) => [
      name,
      {
        visibility: parameter.visibility,
        value: parameter.visibility === "public" ? parameter.value : parameter.value.open(),
      },
    ]),
  );
  return JSON.stringify({ ...order, parameters });
}
