import type { EnvelopePlace } from "#lib/context/context.ts";
import { USER_DATA } from "#lib/context/context.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { valuesByKey } from "./check-keys.ts";
import type { EnvelopeKey } from "./envelope.ts";
import { ENVELOPE_KEY_BYTES, envelopeKey, envelopeStart, resealEnvelope } from "./envelope.ts";

export interface ReencryptOptions {
  readonly db: Database;
  /** The data key that the values are to have. It must be the one that writes, and is looked at in each batch. */
  readonly to: { readonly id: string; readonly key: Uint8Array };
  /** The key of an envelope; undefined: it isn't here, and the value stays as it is. */
  readonly find: (key: EnvelopeKey) => Uint8Array | undefined;
  readonly batchSize: number;
  /** Told of a value whose bytes were changed: it stays as it is. */
  readonly onDamaged: (place: EnvelopePlace) => void;
  /** Called after each batch has been committed, with how many values it had. */
  readonly afterBatch?: (values: number) => Promise<void> | void;
}

/** A stored value, and what is needed to write it back. */
interface StoredValue {
  readonly place: EnvelopePlace;
  readonly envelope: Uint8Array;
  /** Its table's key, for the statements below. */
  readonly key: Prisma.Sql;
}

/** A table of private values. */
interface Store {
  /** Reads values whose envelopes begin so, in the order of the table's key. `limit` says how many, and whether they are locked. */
  read(tx: Transaction, page: { readonly starts: Prisma.Sql; readonly after: Prisma.Sql | null; readonly limit: Prisma.Sql }): Promise<StoredValue[]>;
  /** Writes values that are still what they were: `rows` are their keys, old and new envelopes. */
  write(tx: Transaction, rows: Prisma.Sql): Promise<number>;
}

const START = (column: string): Prisma.Sql => Prisma.sql`substring(${Prisma.raw(column)} FROM 1 FOR ${ENVELOPE_KEY_BYTES})`;

const ofInstances: Store = {
  async read(tx, { starts, after, limit }) {
    const rows = await tx.$queryRaw<{ id: string; name: string; value: Uint8Array }[]>`
      SELECT instance_id::text AS id, name, private_value AS value FROM instance_parameter
      WHERE private_value IS NOT NULL AND ${START("private_value")} IN (${starts}) ${after === null ? Prisma.empty : Prisma.sql`AND (instance_id, name) > (${after})`}
      ORDER BY instance_id, name ${limit}`;
    return rows.map(({ id, name, value }) => ({ place: { kind: "instance", instanceId: id, name }, envelope: value, key: Prisma.sql`${id}::uuid, ${name}::text` }));
  },
  write: (tx, rows) => tx.$executeRaw`
    UPDATE instance_parameter p SET private_value = v.new FROM (VALUES ${rows}) AS v (id, name, old, new)
    WHERE p.instance_id = v.id AND p.name = v.name AND p.private_value = v.old`,
};

/** Values of the system that `rollback` would bring back: made for the same place as the instance's own. */
const ofPrevious: Store = {
  async read(tx, { starts, after, limit }) {
    const rows = await tx.$queryRaw<{ id: string; name: string; value: Uint8Array }[]>`
      SELECT instance_id::text AS id, name, private_value AS value FROM previous_parameter
      WHERE private_value IS NOT NULL AND ${START("private_value")} IN (${starts}) ${after === null ? Prisma.empty : Prisma.sql`AND (instance_id, name) > (${after})`}
      ORDER BY instance_id, name ${limit}`;
    return rows.map(({ id, name, value }) => ({ place: { kind: "instance", instanceId: id, name }, envelope: value, key: Prisma.sql`${id}::uuid, ${name}::text` }));
  },
  write: (tx, rows) => tx.$executeRaw`
    UPDATE previous_parameter p SET private_value = v.new FROM (VALUES ${rows}) AS v (id, name, old, new)
    WHERE p.instance_id = v.id AND p.name = v.name AND p.private_value = v.old`,
};

const ofUserData: Store = {
  async read(tx, { starts, after, limit }) {
    const rows = await tx.$queryRaw<{ id: string; value: Uint8Array }[]>`
      SELECT id::text AS id, user_data AS value FROM instance
      WHERE user_data IS NOT NULL AND ${START("user_data")} IN (${starts}) ${after === null ? Prisma.empty : Prisma.sql`AND id > ${after}`}
      ORDER BY id ${limit}`;
    return rows.map(({ id, value }) => ({ place: { kind: "user-data", instanceId: id, name: USER_DATA }, envelope: value, key: Prisma.sql`${id}::uuid` }));
  },
  write: (tx, rows) => tx.$executeRaw`
    UPDATE instance i SET user_data = v.new FROM (VALUES ${rows}) AS v (id, old, new)
    WHERE i.id = v.id AND i.user_data = v.old`,
};

const ofJobs: Store = {
  async read(tx, { starts, after, limit }) {
    const rows = await tx.$queryRaw<{ id: number; name: string; value: Uint8Array }[]>`
      SELECT job_id AS id, name, value FROM job_private_value
      WHERE ${START("value")} IN (${starts}) ${after === null ? Prisma.empty : Prisma.sql`AND (job_id, name) > (${after})`}
      ORDER BY job_id, name ${limit}`;
    return rows.map(({ id, name, value }) => ({ place: { kind: "job", jobId: id, name }, envelope: value, key: Prisma.sql`${id}::int, ${name}::text` }));
  },
  write: (tx, rows) => tx.$executeRaw`
    UPDATE job_private_value p SET value = v.new FROM (VALUES ${rows}) AS v (id, name, old, new)
    WHERE p.job_id = v.id AND p.name = v.name AND p.value = v.old`,
};

const ofDefaults: Store = {
  async read(tx, { starts, after, limit }) {
    const rows = await tx.$queryRaw<{ id: string; definitionId: string | null; variant: string | null; name: string; value: Uint8Array }[]>`
      SELECT id::text, definition_id::text AS "definitionId", variant, name, private_value AS value FROM parameter_default
      WHERE private_value IS NOT NULL AND ${START("private_value")} IN (${starts}) ${after === null ? Prisma.empty : Prisma.sql`AND id > ${after}`}
      ORDER BY id ${limit}`;
    return rows.map(({ id, definitionId, variant, name, value }) => ({ place: { kind: "default", definitionId, variant, name }, envelope: value, key: Prisma.sql`${id}::uuid` }));
  },
  write: (tx, rows) => tx.$executeRaw`
    UPDATE parameter_default p SET private_value = v.new FROM (VALUES ${rows}) AS v (id, old, new)
    WHERE p.id = v.id AND p.private_value = v.old`,
};

const STORES: readonly Store[] = [ofInstances, ofPrevious, ofUserData, ofJobs, ofDefaults];

const SINGLE_ROUNDS = 4;

/**
 * Encrypts every stored private value that can be read with one data key. Each batch is a transaction of its own, so this can
 * be ended at any point and begun again; a value that somebody changes meanwhile is left to them.
 *
 * @returns how many values were encrypted anew.
 * @throws SlipwayError `conflict` where another key writes meanwhile: another rotation is under way, and goes on.
 */
export async function reencryptValues(options: ReencryptOptions): Promise<number> {
  // Rows that others hold are passed over first: waiting for one while holding many could be waiting for each other. What is
  // left of them is waited for one by one, a few times over: some were written just now by who hadn't heard of the new key.
  let count = 0;
  for (const pass of [{ size: options.batchSize, waits: false }, ...Array.from({ length: SINGLE_ROUNDS }, () => ({ size: 1, waits: true }))]) {
    const starts = await startsToChange(options);
    if (starts === null) break;
    for (const store of STORES) count += await reencryptStore(store, starts, pass, options);
  }
  return count;
}

/** How those envelopes begin that are to be changed and can be; null: there are none. */
async function startsToChange({ db, to, find }: ReencryptOptions): Promise<Prisma.Sql | null> {
  const keys = (await valuesByKey(db)).filter((key) => !(key.kind === "data" && key.id === to.id) && find(key) !== undefined);
  return keys.length === 0 ? null : Prisma.join(keys.map((key) => Prisma.sql`${Buffer.from(envelopeStart(key))}`));
}

async function reencryptStore(store: Store, starts: Prisma.Sql, pass: { readonly size: number; readonly waits: boolean }, options: ReencryptOptions): Promise<number> {
  const limit = pass.waits ? Prisma.sql`LIMIT ${pass.size}` : Prisma.sql`LIMIT ${pass.size} FOR UPDATE SKIP LOCKED`;
  let count = 0;
  for (let after: Prisma.Sql | null = null, ended = false; !ended; ) {
    const batch = await options.db.$transaction(async (tx) => {
      await requireWriting(tx, options.to.id);
      const found = await store.read(tx, { starts, after, limit });
      const rows = found.flatMap((value) => changed(value, options));
      return { last: found.at(-1)?.key ?? null, written: rows.length === 0 ? 0 : await store.write(tx, Prisma.join(rows)) };
    });
    count += batch.written;
    after = batch.last;
    ended = batch.last === null;
    if (batch.written > 0) await options.afterBatch?.(batch.written);
  }
  return count;
}

function changed({ place, envelope, key }: StoredValue, { to, find, onDamaged }: ReencryptOptions): Prisma.Sql[] {
  const from = find(envelopeKey(envelope));
  if (from === undefined) return [];
  try {
    return [Prisma.sql`(${key}, ${Buffer.from(envelope)}::bytea, ${Buffer.from(resealEnvelope(envelope, from, to, place))}::bytea)`];
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    onDamaged(place);
    return [];
  }
}

/** Holds the key as the writing one until the batch is committed: nothing is ever written with a key that may be gone by then. */
async function requireWriting(tx: Transaction, id: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT id FROM data_key WHERE id = ${id} AND retired_at IS NULL FOR SHARE`;
  if (rows.length === 0) throw new SlipwayError("conflict", "another rotation has begun, and goes on with what this one hasn't done");
}
