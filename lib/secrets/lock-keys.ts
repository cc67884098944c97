import type { Transaction } from "#lib/db/client.ts";

/** Among the advisory locks of the database. */
const KEYS_LOCK = 736_002;

/** Lets one process at a time make or change keys, those in files included. Held until the transaction ends. */
export async function lockKeys(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${KEYS_LOCK})`;
}
