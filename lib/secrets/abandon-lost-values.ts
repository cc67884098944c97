import type { AuditActor } from "#lib/audit/append-audit.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { Config } from "#lib/config/config.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { unreadable, valuesByKey } from "./check-keys.ts";
import { ENVELOPE_KEY_BYTES, envelopeStart } from "./envelope.ts";
import { loadKeys } from "./load-keys.ts";
import { lockKeys } from "./lock-keys.ts";
import { readMasterKeys } from "./master-keys.ts";

/**
 * Keys that are closed and kept: the number of those of fingerprints is a fingerprint's prefix, and new ones must not look like the old;
 * the public half of those of receipts verifies what they signed.
 */
const KEPT: readonly string[] = ["fingerprints", "receipts"];

export interface AbandonReport {
  /** Master keys that are missing. */
  readonly masterKeyIds: readonly string[];
  /** Data keys that don't open. */
  readonly dataKeys: number;
  /** Private values that can't be read. */
  readonly values: number;
}

/**
 * Gives up what was encrypted for a master key that is gone for good: those data keys and values are removed, so that a
 * controller starts, and the next install asks for the values. What opens with the keys that are here stays.
 *
 * @param apply false: nothing is changed, the report says what would be.
 * @throws SlipwayError `conflict` while a controller runs: it may have the key that this process lacks.
 */
export async function abandonLostValues(db: Database, config: Pick<Config, "masterKey" | "paths">, actor: AuditActor, { apply }: { readonly apply: boolean }): Promise<AbandonReport> {
  return db.$transaction(async (tx) => {
    await lockKeys(tx);
    const masters = readMasterKeys(config);
    const keys = await loadKeys(tx, masters);
    const locked = keys.locked.filter(({ isWriting, purpose }) => isWriting || !KEPT.includes(purpose));
    const lost = unreadable(keys, await valuesByKey(tx), masters);
    const report: AbandonReport = {
      masterKeyIds: [...new Set([...locked.map(({ masterKeyId }) => masterKeyId), ...lost.filter(({ kind }) => kind === "master").map(({ id }) => id)])].toSorted(),
      dataKeys: locked.length,
      values: lost.reduce((sum, { values }) => sum + values, 0),
    };
    if (!apply || (report.dataKeys === 0 && report.values === 0)) return report;
    if ((await tx.controller.count({ where: { leaseUntil: { gt: new Date() } } })) > 0) {
      throw new SlipwayError("conflict", "a controller runs, and may have the key that is missing here: stop every controller first. Nothing was changed.");
    }
    if (lost.length > 0) await removeValues(tx, Prisma.join(lost.map((key) => Prisma.sql`${Buffer.from(envelopeStart(key))}`)));
    const ids = locked.map(({ id }) => id);
    await tx.dataKey.deleteMany({ where: { id: { in: ids }, purpose: { notIn: [...KEPT] } } });
    await tx.dataKey.updateMany({ where: { id: { in: ids }, retiredAt: null }, data: { retiredAt: new Date() } });
    await appendAudit(tx, actor, { action: "keys.abandon", object: { kind: "master key", name: report.masterKeyIds.join(", ") }, outcome: "done", details: { dataKeys: report.dataKeys, values: report.values } });
    return report;
  });
}

async function removeValues(tx: Transaction, starts: Prisma.Sql): Promise<void> {
  await tx.$executeRaw`DELETE FROM instance_parameter WHERE substring(private_value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) IN (${starts})`;
  await tx.$executeRaw`DELETE FROM previous_parameter WHERE substring(private_value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) IN (${starts})`;
  await tx.$executeRaw`UPDATE instance SET user_data = NULL, serial_no = serial_no + 1, updated_at = now() WHERE substring(user_data FROM 1 FOR ${ENVELOPE_KEY_BYTES}) IN (${starts})`;
  await tx.$executeRaw`DELETE FROM job_private_value WHERE substring(value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) IN (${starts})`;
  await tx.$executeRaw`DELETE FROM parameter_default WHERE substring(private_value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) IN (${starts})`;
}
