/**
 * The communication mechanism's address of an instance (design: metadata, "held while communication is on or an install needs it").
 * Held from the acceptance of what turns it on until its guest no longer runs with it.
 */
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/** Gives addresses back that their instances no longer want. For instances whose guests have ended since that was said. */
export async function releaseUnwantedChannels(tx: Transaction, instanceIds: readonly string[]): Promise<void> {
  if (instanceIds.length === 0) return;
  await tx.$executeRaw(Prisma.sql`
    DELETE FROM network_address a USING instance n WHERE a.instance_id = n.id AND n.id = ANY(${[...instanceIds]}::uuid[]) AND NOT n.communication`);
}
