import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";

/** The number under which Prisma's own command takes its lock: both may run against one database. */
const ADVISORY_LOCK = 72_707_369;

interface AppliedMigration {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/**
 * Applies what is missing of `prisma/migrations`, with the table, the checksums and the lock of `prisma migrate deploy`, but
 * with pg alone: Prisma's own engine would have to be downloaded.
 *
 * @returns the names of the migrations applied, in order.
 * @throws if one fails, failed earlier, or has been edited since it was applied.
 */
export async function migrate(databaseUrl: string, directory: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // Held until the session ends: of several controllers that start at once, one migrates and the others find it done.
    await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
    await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
      id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
      migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
      started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`);
    const { rows } = await client.query<AppliedMigration>(
      "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL",
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row]));
    const done: string[] = [];
    for (const name of readdirSync(directory).sort()) {
      const file = path.join(directory, name, "migration.sql");
      if (!existsSync(file)) continue;
      const sql = readFileSync(file, "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const earlier = applied.get(name);
      if (earlier === undefined) {
        await applyMigration(client, { name, sql, checksum });
        done.push(name);
      } else if (earlier.finished_at === null) {
        throw new Error(`migration ${name} failed earlier; the database has to be looked at by hand`);
      } else if (earlier.checksum !== checksum) {
        throw new Error(`migration ${name} was edited after it had been applied`);
      }
    }
    return done;
  } finally {
    await client.end();
  }
}

/** PostgreSQL runs a script of several statements as one transaction: after a failure or a crash none of it is there. */
async function applyMigration(client: pg.Client, migration: { name: string; sql: string; checksum: string }): Promise<void> {
  const record = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
    VALUES (${pg.escapeLiteral(randomUUID())}, ${pg.escapeLiteral(migration.checksum)}, ${pg.escapeLiteral(migration.name)}, now(), 1);`;
  try {
    await client.query(`BEGIN;\n${migration.sql}\n;${record}\nCOMMIT;`);
  } catch (cause) {
    await client.query("ROLLBACK");
    throw new Error(`migration ${migration.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
