/**
 * A PostgreSQL for tests, in a place of its own: starts, makes the migrated template, writes the template's address as one line, and
 * when standard input ends stops and removes everything. So it goes when the one who started it goes, in whatever way.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { migrate } from "#scripts/db/migrate.ts";
import { startPostgres, stopPostgres } from "#scripts/postgres/server.ts";

const TEMPLATE = "slipway_template";

const directory = mkdtempSync(path.join(tmpdir(), "slipway-postgres-"));
const stop = async (): Promise<void> => {
  await stopPostgres({ directory });
  rmSync(directory, { recursive: true, force: true });
};

try {
  const server = await startPostgres({
    directory,
    logFile: path.join(directory, "log"),
    disposable: true,
    settings: { max_connections: "300" },
  });
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  // One password for both roles: tests know one address and derive the other.
  await client.query(`ALTER ROLE slipway PASSWORD ${pg.escapeLiteral(new URL(server.superuserUrl).password)}`);
  await client.query(`CREATE DATABASE ${TEMPLATE} OWNER slipway`);
  await client.end();

  const template = new URL(server.superuserUrl);
  template.pathname = `/${TEMPLATE}`;
  const owner = new URL(template);
  owner.username = "slipway";
  await migrate(owner.href, path.join(import.meta.dirname, "../../prisma/migrations"));
  process.stdout.write(`${template.href}\n`);

  // A signal to the whole group must not come before the end of standard input.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.stdin.destroy());
  await new Promise<void>((resolve) => {
    process.stdin.once("close", resolve);
    process.stdin.resume();
  });
} finally {
  await stop();
}
