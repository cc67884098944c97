import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import type { NicSpec, Reach } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GuestNic } from "../hypervisor/hypervisor.ts";

export const LOOPBACK = "127.0.0.1";
/** Below those that the kernel gives out for outgoing connections, so that a guest's port isn't lost to one of them. */
const PORTS = { first: 20_000, last: 32_000 } as const;
/** One port in this many is free on any machine. */
const MOST_TRIES = 200;

/** A NIC of QEMU's own network with the ports that lead to it; one of any other mode leads nowhere. */
export function userNic({ index, mac, mode }: NicSpec, reach: readonly Reach[]): GuestNic {
  if (mode !== "user") return { mac, link: { kind: "closed" } };
  const forwards = reach.filter(({ nic }) => nic === index).map(({ guestPort, port }) => ({ guestPort, hostPort: port }));
  return { mac, link: { kind: "user", forwards } };
}

/** Ports of this node that guests' ports are forwarded to. Those of guests that are being started are kept from each other. */
export class LoopbackPorts {
  readonly #taken = new Set<number>();

  /** A place on loopback for each forwarded port of the NICs: where it was before, if that is still free. */
  async take(nics: readonly NicSpec[], before: readonly Reach[]): Promise<Reach[]> {
    const reach: Reach[] = [];
    try {
      for (const { index, mode, forwards } of nics) {
        if (mode !== "user") continue;
        for (const guestPort of new Set(forwards)) {
          const last = before.find((place) => place.nic === index && place.guestPort === guestPort)?.port;
          reach.push({ nic: index, guestPort, host: LOOPBACK, port: await this.#takeOne(last) });
        }
      }
    } catch (error) {
      this.free(reach);
      throw error;
    }
    return reach;
  }

  /** Of a guest that has gone on: its ports are in use. */
  hold(reach: readonly Reach[]): void {
    for (const { port } of reach) this.#taken.add(port);
  }

  free(reach: readonly Reach[]): void {
    for (const { port } of reach) this.#taken.delete(port);
  }

  async #takeOne(last: number | undefined): Promise<number> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const port = tries === 0 && last !== undefined ? last : randomInt(PORTS.first, PORTS.last + 1);
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      if (await isFree(port)) return port;
      this.#taken.delete(port);
    }
    throw new SlipwayError("no_room", "The node has no free port to forward to.", { field: "instance.nics" });
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
