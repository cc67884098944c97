import { randomBytes } from "node:crypto";
import type { Queryable } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/** QEMU's own range of locally administered addresses. */
export const MAC_PREFIX = "52:54:00";
const TRIES = 8;

/** As many addresses as asked for that no NIC of the cluster has. A unique index decides where two ask at once. */
export async function makeMacs(db: Queryable, count: number): Promise<string[]> {
  if (count === 0) return [];
  const free = new Set<string>();
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const candidates = new Set<string>();
    while (free.size + candidates.size < count) candidates.add(randomMac());
    const taken = await db.instanceNic.findMany({ where: { mac: { in: [...candidates] } }, select: { mac: true } });
    for (const { mac } of taken) candidates.delete(mac);
    for (const mac of candidates) free.add(mac);
    if (free.size === count) return [...free];
  }
  throw new SlipwayError("no_room", `No free MAC addresses were found under ${MAC_PREFIX}.`, { field: "nics" });
}

function randomMac(): string {
  return [MAC_PREFIX, ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
