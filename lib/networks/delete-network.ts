import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { holdNetwork, readNetwork } from "./read-network.ts";

/**
 * Removes a network that nobody has an address of; those that are only reserved go with it. The last one of the communication
 * mechanism stays: without it nothing could be installed on a node in system mode.
 *
 * @throws SlipwayError `unknown_object`, `conflict`
 */
export async function deleteNetwork(ctx: RequestContext, name: string): Promise<void> {
  const found = await readNetwork(ctx, "network.modify", name);
  await ctx.services.db.$transaction(async (tx) => {
    // Two that delete the last but one at once take turns; so does who changes a subnet.
    await tx.$executeRaw(Prisma.sql`SELECT 1 FROM cluster WHERE id = 1 FOR UPDATE`);
    const row = await holdNetwork(tx, found);
    const held = await tx.$queryRaw<{ offset: number }[]>(Prisma.sql`
      SELECT "offset" FROM network_address WHERE network_id = ${row.id}::uuid AND num_nonnulls(nic_id, instance_id, install_id) > 0 ORDER BY "offset" LIMIT 1`);
    const first = held[0];
    if (first !== undefined) throw new SlipwayError("conflict", `Network ${name} can't be deleted while addresses of it are held; ${addressAt(row.subnet, first.offset)} is.`, { field: "network" });
    // A NIC that names it has no address of it: it was given one by hand before.
    const nic = await tx.instanceNic.findFirst({ where: { networkId: row.id }, select: { instance: { select: { name: true } } } });
    if (nic !== null) throw new SlipwayError("conflict", `Network ${name} can't be deleted while a NIC of instance ${nic.instance.name} is in it.`, { field: "network" });
    if (row.purpose === "communication" && (await tx.network.count({ where: { purpose: "communication" } })) === 1) {
      throw new SlipwayError("conflict", `Network ${name} is the only one of the communication mechanism. Add another one first.`, { field: "network" });
    }
    await tx.network.delete({ where: { id: row.id }, select: { id: true } });
    await appendAudit(tx, ctx, { action: "network.delete", object: { kind: "network", name }, outcome: "done", details: { subnet: row.subnet } });
    await appendEvents(tx, [{ payload: { type: "network.changed", name }, ownerId: null }]);
  });
}
