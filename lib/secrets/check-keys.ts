import type { Queryable } from "#lib/db/client.ts";
import { envelopeKeyId } from "./envelope.ts";

/** Whether the database holds any private value, so that a key for it must have been there once. */
export async function hasSealedValues(db: Queryable): Promise<boolean> {
  const [row] = await db.$queryRaw<{ found: boolean }[]>`
    SELECT EXISTS (SELECT FROM instance_parameter WHERE private_value IS NOT NULL) OR EXISTS (SELECT FROM job_private_value) AS found`;
  return row?.found === true;
}

/**
 * Ids of the keys that stored private values need, with how many values need each. One row a key, however many values.
 */
export async function neededKeys(db: Queryable): Promise<readonly { readonly keyId: string; readonly values: number }[]> {
  // The first 5 bytes say which key; zeros make them as long as the shortest envelope, for the reader below.
  const rows = await db.$queryRaw<{ head: Uint8Array; count: bigint }[]>`
    SELECT substring(v FROM 1 FOR 5) || decode(repeat('00', 28), 'hex') AS head, count(*) AS count
    FROM (SELECT private_value AS v FROM instance_parameter WHERE private_value IS NOT NULL UNION ALL SELECT value FROM job_private_value) AS stored
    GROUP BY 1`;
  return rows.map(({ head, count }) => ({ keyId: envelopeKeyId(head), values: Number(count) }));
}
