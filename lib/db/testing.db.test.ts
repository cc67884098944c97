import { afterAll, beforeAll, describe, expect, test } from "vitest";
import pg from "pg";
import type { TestDatabase } from "./testing.ts";
import { createTestDatabase } from "./testing.ts";

describe("a test's own database", () => {
  let one: TestDatabase;
  let other: TestDatabase;
  beforeAll(async () => {
    [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  });
  afterAll(async () => {
    await Promise.all([one.drop(), other.drop()]);
  });

  async function rows(database: TestDatabase, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: database.url.open() });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  test("has the schema", async () => {
    expect(await rows(one, 'SELECT name FROM "user"')).toEqual([]);
  });

  test("shares no rows with another", async () => {
    await rows(one, "INSERT INTO cluster (name, updated_at) VALUES ('one', now())");
    expect(await rows(one, "SELECT name FROM cluster")).toEqual([{ name: "one" }]);
    expect(await rows(other, "SELECT name FROM cluster")).toEqual([]);
  });

  test("is used as a role without special rights", async () => {
    expect(await rows(one, "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")).toEqual([
      { rolsuper: false, rolcreatedb: false },
    ]);
  });
});
