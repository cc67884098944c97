import path from "node:path";
import { migrate } from "#scripts/db/migrate.ts";
import { startPostgres } from "#scripts/postgres/server.ts";
import type { homePaths } from "./home.ts";
import { writePrivateFile } from "./private-file.ts";
import { say } from "./terminal.ts";

/**
 * Starts the embedded PostgreSQL, unless the database is run elsewhere, brings the schema up to date, and writes down where
 * the database is.
 *
 * @returns the number of the embedded server's process, or null.
 */
export async function ensureDatabase(paths: ReturnType<typeof homePaths>, databaseUrl: string | null): Promise<number | null> {
  const embedded = databaseUrl === null ? await startPostgres({ directory: paths.postgres, logFile: path.join(paths.log, "postgres.log") }) : null;
  const url = databaseUrl ?? embedded?.databaseUrl ?? "";
  const applied = await migrate(url, path.join(import.meta.dirname, "../../prisma/migrations"));
  writePrivateFile(paths.databaseUrl, `${url}\n`);
  say(`database is ready${applied.length > 0 ? `, with ${applied.length} new ${applied.length === 1 ? "migration" : "migrations"}` : ""}`);
  return embedded?.pid ?? null;
}
