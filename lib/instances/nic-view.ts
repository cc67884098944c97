import { z } from "zod";
import type { InstanceNic } from "#lib/db/client.ts";
import type { NicView } from "#lib/domain/instance.ts";

/** As the agent's word is stored: lib/instances/record-reach.ts. */
const storedReachSchema = z.array(z.object({ guestPort: z.number(), host: z.string(), port: z.number() }));

export function nicView({ id, index, mac, ip, mode, link, name, network, forwards, reach }: InstanceNic & { readonly network: { readonly name: string } | null }): NicView {
  return { id, index, mac, ip, mode, link, name, network: network?.name ?? null, forwards, reach: storedReachSchema.safeParse(reach).data ?? [] };
}
