import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import type { Secret } from "#lib/domain/visibility.ts";
import { secretValue } from "#lib/domain/visibility.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The migrated database that every test's own is a copy of, for the superuser: scripts/test/require-database.ts. */
    postgresTemplateUrl: string;
  }
}

/** A migrated database that only the test file that asked for it knows. */
export interface TestDatabase {
  /** With the password of the application's role, which owns the database and is no superuser. */
  readonly url: Secret<string>;
  readonly name: string;
  /** Ends its connections and removes it. */
  drop(): Promise<void>;
}

/**
 * A fresh database with the whole schema and no rows: a copy of the template, 30 to 60 ms. Call `drop` in `afterAll`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const superuser = new URL(inject("postgresTemplateUrl"));
  const template = superuser.pathname.slice(1);
  superuser.pathname = "/postgres";
  const name = `test_${randomBytes(8).toString("hex")}`;
  await query(superuser, `CREATE DATABASE ${name} TEMPLATE ${template} OWNER slipway`);
  const url = new URL(superuser);
  url.username = "slipway";
  url.pathname = `/${name}`;
  return {
    url: secretValue(url.href),
    name,
    drop: async () => {
      await query(superuser, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function query(address: URL, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
