import { realpathSync } from "node:fs";
import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ValuesOfKey } from "./check-keys.ts";
import { valuesByKey } from "./check-keys.ts";
import type { Purpose } from "./data-keys.ts";
import { newDataKey, unwrapKey, wrapKey } from "./data-keys.ts";
import type { EnvelopeKey } from "./envelope.ts";
import { ENVELOPE_KEY_BYTES } from "./envelope.ts";
import { replacePrivateFile } from "./key-files.ts";
import { loadKeys } from "./load-keys.ts";
import { lockKeys } from "./lock-keys.ts";
import type { MasterKeys, MasterKeySource } from "./master-keys.ts";
import { readMasterKeys } from "./master-keys.ts";
import { reencryptValues } from "./reencrypt-values.ts";

export interface RotateOptions {
  /** Purposes beside private parameters that get a new key: sessions end, fingerprints change, receipts are signed by another one. */
  readonly also?: readonly Exclude<Purpose, "private-parameters">[];
  /** Removes master keys from their file that nothing in this database needs any more. Older backups may. */
  readonly forget?: boolean;
  /** Values in one transaction. */
  readonly batchSize?: number;
  /** Called after each batch, with how many values have been encrypted anew so far. */
  readonly onProgress?: (values: number) => Promise<void> | void;
}

export interface MasterKeyChange {
  /** `new`: made by this run; `given`: an operator, or an earlier run, has put another one there; `kept`: the same as before. */
  readonly what: "new" | "given" | "kept";
  readonly id: string;
  readonly source: MasterKeySource;
}

export interface RotationReport {
  readonly masterKey: MasterKeyChange;
  /** Null: only the new master key was made, because so many controllers run that have to have it first. */
  readonly done: null | {
    /** Data keys that were encrypted with the master key anew. */
    readonly rewrapped: number;
    readonly dataKeyId: string;
    /** Private values that were encrypted anew. */
    readonly values: number;
    /** Values whose bytes were changed by something else; they stay. */
    readonly damaged: number;
    /** Values that need another key still: changed while this ran, or without a key here. */
    readonly left: readonly ValuesOfKey[];
    readonly removedDataKeys: number;
    readonly forgottenMasterKeys: number;
  };
  /** Controllers that run. */
  readonly controllers: number;
}

const BATCH = 500;

/**
 * Makes new keys and encrypts everything with them (design: "Private values under envelope encryption with rotation"): a new
 * master key where it lies in a file of ours, all data keys wrapped with it, a new data key for private values, and every
 * value encrypted anew. Runs beside controllers and installs. Ended at any point, it is taken up by running it again.
 *
 * @throws SlipwayError `conflict` where another rotation runs, or the master key comes from two places.
 */
export async function rotateKeys(ctx: RequestContext, options: RotateOptions = {}): Promise<RotationReport> {
  const { db, log } = ctx.services;
  await requireAccess(ctx, "keys.rotate", { kind: "cluster", name: null, ownerId: null });
  const changed = await db.$transaction(async (tx) => {
    await lockKeys(tx);
    return changeKeys(tx, ctx, options);
  });
  const { masterKey, controllers, masters, rewrapped } = changed;
  if (rewrapped === null) return { masterKey, controllers, done: null };

  const keys = await loadKeys(db, masters);
  const to = keys.writing["private-parameters"];
  if (to === undefined) throw new SlipwayError("conflict", "another rotation has begun with another master key, which isn't here");
  const find = ({ kind, id }: EnvelopeKey): Uint8Array | undefined => (kind === "data" ? keys.privateKeys.get(id) : masters.get(id));
  const damaged = new Set<string>();
  let soFar = 0;
  const values = await reencryptValues({
    db,
    to,
    find,
    batchSize: options.batchSize ?? BATCH,
    onDamaged: (place) => {
      const where = JSON.stringify(place);
      if (!damaged.has(where)) log.error({ place }, "a private value was changed by something else and doesn't open; it stays as it is");
      damaged.add(where);
    },
    afterBatch: async (count) => {
      soFar += count;
      await options.onProgress?.(soFar);
    },
  });
  const removedDataKeys = await removeUnusedKeys(ctx);
  const forgottenMasterKeys = options.forget === true ? await forgetMasterKeys(ctx) : 0;
  const left = (await valuesByKey(db)).filter(({ kind, id }) => kind === "master" || id !== to.id);
  const counts = { values, damaged: damaged.size, removedDataKeys, forgottenMasterKeys, left: left.reduce((sum, one) => sum + one.values, 0) };
  await appendAudit(db, ctx, { action: "keys.rotate", object: { kind: "data key", name: to.id }, outcome: "done", details: counts });
  return { masterKey, controllers, done: { rewrapped, dataKeyId: to.id, values, damaged: damaged.size, left, removedDataKeys, forgottenMasterKeys } };
}

interface Changed {
  readonly masterKey: MasterKeyChange;
  readonly masters: MasterKeys;
  readonly controllers: number;
  /** Null: nothing but a new master key was made. */
  readonly rewrapped: number | null;
}

async function changeKeys(tx: Transaction, ctx: RequestContext, { also = [] }: RotateOptions): Promise<Changed> {
  const found = readMasterKeys(ctx.services.config);
  if (found === null) throw new SlipwayError("internal", "the master key has gone away");
  const rows = await tx.dataKey.findMany();
  const controllers = await tx.controller.count({ where: { leaseUntil: { gt: new Date() } } });
  const outdated = (current: string) => rows.filter(({ masterKeyId }) => masterKeyId !== current && found.get(masterKeyId) !== undefined);
  const what = outdated(found.current).length > 0 ? "given" : found.source.kind === "file" ? "new" : "kept";
  // Written before anything is wrapped with it. Should this transaction come to nothing, the next run finds it as a given one.
  const masters = what === "new" ? writeMasterKeys(found, found.withNewKey()) : found;
  const masterKey = { what, id: masters.current, source: masters.source } as const;
  if (what === "new" && controllers > 1) {
    await appendAudit(tx, ctx, { action: "keys.rotate", object: { kind: "master key", name: masters.current }, outcome: "accepted", details: { controllers } });
    return { masterKey, masters, controllers, rewrapped: null };
  }
  const toWrap = outdated(masters.current);
  for (const row of toWrap) {
    const { wrapped, masterKeyId } = wrapKey(unwrapKey(row, masters), purposeOf(row), masters);
    await tx.dataKey.update({ where: { id: row.id }, data: { wrapped, masterKeyId } });
  }
  for (const purpose of ["private-parameters", ...also] as const) {
    // By the database's clock, as the hour that it is kept for.
    await tx.$executeRaw`UPDATE data_key SET retired_at = now() WHERE purpose = ${purpose} AND retired_at IS NULL`;
    await tx.dataKey.create({ data: wrapKey(newDataKey(purpose), purpose, masters) });
  }
  const details = { masterKey: what, rewrapped: toWrap.length, purposes: ["private-parameters", ...also] };
  await appendAudit(tx, ctx, { action: "keys.rotate", object: { kind: "master key", name: masters.current }, outcome: "accepted", details });
  return { masterKey, masters, controllers, rewrapped: toWrap.length };
}

function writeMasterKeys(before: MasterKeys, after: MasterKeys): MasterKeys {
  const [other] = before.otherSources;
  if (other !== undefined) throw new SlipwayError("conflict", `the master key comes from ${before.source.name} and from ${other.name}: leave one of them out, then rotate`);
  try {
    replacePrivateFile(realpathSync(before.source.name), after.toFileText());
  } catch (cause) {
    throw new SlipwayError("conflict", `${before.source.name} can't be written. Put a new master key there, before the old one, and rotate again.`, { cause });
  }
  return after;
}

function purposeOf(row: { readonly id: string; readonly purpose: string }): Purpose {
  switch (row.purpose) {
    case "private-parameters":
    case "fingerprints":
    case "sessions":
    case "receipts":
      return row.purpose;
    default:
      throw new SlipwayError("internal", `the data key ${row.id} is for something that this version doesn't know`);
  }
}

/**
 * Removes data keys that have been out of use for an hour: by then every controller writes with the newer one. Those of
 * fingerprints stay, because their number is a fingerprint's prefix, and those of receipts, because what they signed is verified by them.
 */
async function removeUnusedKeys({ services }: RequestContext): Promise<number> {
  return services.db.$executeRaw`
    WITH used AS (
      SELECT substring(private_value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) AS start FROM instance_parameter WHERE private_value IS NOT NULL
      UNION SELECT substring(private_value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) FROM previous_parameter WHERE private_value IS NOT NULL
      UNION SELECT substring(user_data FROM 1 FOR ${ENVELOPE_KEY_BYTES}) FROM instance WHERE user_data IS NOT NULL
      UNION SELECT substring(value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) FROM job_private_value
      UNION SELECT substring(private_value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) FROM parameter_default WHERE private_value IS NOT NULL
    )
    DELETE FROM data_key k
    WHERE k.purpose IN ('private-parameters', 'sessions') AND k.retired_at < now() - interval '1 hour'
      AND NOT EXISTS (SELECT FROM used WHERE used.start = '\\x02'::bytea || decode(k.id, 'hex'))`;
}

/** Only of a file: elsewhere it is the operator who leaves a key out. */
async function forgetMasterKeys({ services: { db, config } }: RequestContext): Promise<number> {
  return db.$transaction(async (tx) => {
    await lockKeys(tx);
    const masters = readMasterKeys(config);
    if (masters === null || masters.source.kind !== "file") return 0;
    const rows = await tx.dataKey.findMany({ select: { masterKeyId: true } });
    const values = await valuesByKey(tx);
    const kept = masters.keepingOnly(new Set([...rows.map(({ masterKeyId }) => masterKeyId), ...values.filter(({ kind }) => kind === "master").map(({ id }) => id)]));
    const forgotten = masters.ids.length - kept.ids.length;
    if (forgotten > 0) writeMasterKeys(masters, kept);
    return forgotten;
  });
}
