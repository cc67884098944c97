import { randomUUID } from "node:crypto";
import type { Transaction } from "#lib/db/client.ts";
import type { PlannedNic } from "#lib/domain/nic-rules.ts";
import { makeMacs } from "./make-mac.ts";
import type { PlacedNic } from "./place-nics.ts";
import { nicColumns, takeNicAddresses } from "./place-nics.ts";
import type { DetailRow } from "./read-instance.ts";

/**
 * Makes an instance's NICs what a list says, by index. MACs stay. An address stays where the network does and no other one is named;
 * all others are given back before any is taken, so that two NICs can change theirs over.
 */
export async function replaceNics(tx: Transaction, instance: DetailRow, plans: readonly PlannedNic[]): Promise<void> {
  const before = new Map(instance.nics.map((nic) => [nic.index, nic]));
  const macs = await makeMacs(tx, plans.filter((_, index) => !before.has(index)).length);
  const moving: PlacedNic[] = [];
  await tx.instanceNic.deleteMany({ where: { instanceId: instance.id, index: { gte: plans.length } } });
  for (const [index, plan] of plans.entries()) {
    const nic = before.get(index);
    const columns = nicColumns(plan);
    if (nic === undefined) {
      const id = randomUUID();
      await tx.instanceNic.create({ data: { id, instanceId: instance.id, index, mac: macs.shift() ?? "", ...columns }, select: { id: true } });
      moving.push({ id, index, plan });
      continue;
    }
    const stays = nic.networkId !== null && nic.networkId === plan.network?.id && nic.ip !== null && (plan.ip === null || plan.ip === nic.ip);
    await tx.instanceNic.update({ where: { id: nic.id }, data: { ...columns, ...(stays ? { ip: nic.ip } : {}) }, select: { id: true } });
    if (stays) continue;
    await tx.networkAddress.deleteMany({ where: { nicId: nic.id } });
    moving.push({ id: nic.id, index, plan });
  }
  await takeNicAddresses(tx, moving);
}
