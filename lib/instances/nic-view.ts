import { z } from "zod";
import type { InstanceNic } from "#lib/db/client.ts";
import type { NicView } from "#lib/domain/instance.ts";

/** Whatever is read here becomes part of a command that people copy (components/nics/reach.ts): forwarded ports are on loopback, and nowhere else. */
const LOOPBACK = "127.0.0.1";
const port = z.int().min(1).max(65_535);
/** As the agent's word is stored: lib/instances/record-reach.ts. */
const storedReachSchema = z.array(z.object({ guestPort: port, host: z.literal(LOOPBACK), port }));

export function nicView({ id, index, mac, ip, mode, link, name, network, forwards, reach }: InstanceNic & { readonly network: { readonly name: string } | null }): NicView {
  return { id, index, mac, ip, mode, link, name, network: network?.name ?? null, forwards, reach: storedReachSchema.safeParse(reach).data ?? [] };
}
