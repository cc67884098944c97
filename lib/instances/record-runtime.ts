import type { InstanceRuntime } from "#lib/agent-protocol/messages.ts";
import type { Transaction } from "#lib/db/client.ts";
import { recordReach } from "./record-reach.ts";

/** Takes over how an instance is, as its agent has answered; unless a later event has come in already: the guest may have gone again by itself. */
export async function recordRuntime(tx: Transaction, { instanceId, power, rescue, journal, journalSeq, reach }: InstanceRuntime): Promise<void> {
  const { count } = await tx.instance.updateMany({
    where: { id: instanceId, OR: [{ operJournal: null }, { operJournal: { not: journal } }, { operSeq: { lte: journalSeq } }] },
    data: { operState: power, rescue, operJournal: journal, operSeq: journalSeq },
  });
  if (count > 0) await recordReach(tx, instanceId, reach);
}
