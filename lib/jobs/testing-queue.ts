import { runMigrations } from "graphile-worker";
import type { Secret } from "#lib/domain/visibility.ts";
import { createPool } from "#lib/db/client.ts";

/** Brings the queue's own tables up to date, which a worker does at its start: for tests that submit jobs before they start one. */
export async function migrateJobQueue(url: Secret<string>): Promise<void> {
  const pool = createPool(url, { connections: 1, name: "slipway-queue-migration" });
  // What is lost while it is used fails the statement.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  try {
    await runMigrations({ pgPool: pool });
  } finally {
    await pool.end();
  }
}
