import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { Ledger } from "#scripts/canary/ledger.ts";
import { createScanner } from "#scripts/canary/scan.ts";
import { readTables, withDatabase } from "../canary/read-everything.ts";
import { expectAtScript, leaksOf } from "./look.ts";
import type { Row, Seen } from "./row.ts";

const HELD_BY = "dropping it is held by lib/installs/install.db.test.ts; what V8 keeps of it isn't looked at";

/** What lies in the database, and what a controller holds. */
export const STORED_ROWS: readonly Row[] = [
  {
    where: "instance in the database",
    public: {
      says: "value",
      holds: async (seen) => {
        expect(await storedParameter(seen, "word")).toEqual({ visibility: "public", value: seen.played.reinstalled.word, sealed: null });
      },
    },
    private: {
      says: "encrypted, with a key that isn't in the database",
      holds: async (seen) => {
        const { value, sealed } = await storedParameter(seen, "remark");
        expect(value).toBeNull();
        expect(sealed?.length).toBeGreaterThan(seen.played.reinstalled.remark.length);
        expect(leaksOf(seen, "private", "tables")).toEqual([]);
        expect(await keysInTables(seen)).toEqual([]);
      },
    },
    secret: {
      says: "name",
      holds: async (seen) => {
        expect(await storedParameter(seen, "passphrase")).toEqual({ visibility: "secret", value: null, sealed: null });
        expect(leaksOf(seen, "secret", "tables", "PostgreSQL's files", "write-ahead log")).toEqual([]);
      },
    },
  },
  {
    where: "job, queue and install records",
    public: {
      says: "value",
      holds: async (seen) => {
        for (const ended of [seen.played.reinstalled, seen.played.cancelled]) expect((await jobRecord(seen, ended.jobId)).record).toContain(ended.word);
      },
    },
    private: {
      says: "name; a new value encrypted in a row of its own until the job ends",
      holds: async (seen) => {
        const { cancelled, privateRows } = seen.played;
        expect(privateRows.map(({ name }) => name)).toEqual(["remark"]);
        expect(privateRows[0]?.sealed.length).toBeGreaterThan(2 * cancelled.remark.length);
        const job = await jobRecord(seen, cancelled.jobId);
        expect(job.record).toContain('"remark"');
        expect(job.privateRows).toBe(0);
        expect(leaksOf(seen, "private", "tables", "tables while a job runs", "PostgreSQL's files", "write-ahead log")).toEqual([]);
      },
    },
    secret: {
      says: "name",
      holds: async (seen) => {
        const job = await jobRecord(seen, seen.played.cancelled.jobId);
        expect(job.secretNames).toEqual(["passphrase"]);
        expect(leaksOf(seen, "secret", "tables", "tables while a job runs")).toEqual([]);
      },
    },
  },
  {
    where: "memory of the controller that accepted it",
    public: { says: "yes", looks: "that the script had it", holds: (seen) => expectAtScript(seen, "arrived", "word") },
    private: { says: "yes", looks: "that the script had it", holds: (seen) => expectAtScript(seen, "arrived", "remark") },
    secret: { says: "until the job ends", looks: `that the script had it; ${HELD_BY}`, holds: (seen) => expectAtScript(seen, "arrived", "passphrase") },
  },
];

const parameterSchema = z.object({ visibility: z.string(), value: z.string().nullable(), sealed: z.instanceof(Buffer).nullable() });

async function storedParameter({ world, played }: Seen, name: string): Promise<z.infer<typeof parameterSchema>> {
  return withDatabase(world.stack.databaseUrl, async (client) => {
    const { rows } = await client.query(
      "SELECT p.visibility::text, p.public_value AS value, p.private_value AS sealed FROM instance_parameter p JOIN instance i ON i.id = p.instance_id WHERE i.name = $1 AND p.name = $2",
      [played.objects.instance, name],
    );
    return parameterSchema.parse(rows[0]);
  });
}

const jobSchema = z.object({ record: z.string(), secretNames: z.array(z.string()), privateRows: z.number() });

async function jobRecord({ world }: Seen, jobId: number): Promise<z.infer<typeof jobSchema>> {
  return withDatabase(world.stack.databaseUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT ops::text || request::text AS record, secret_names AS "secretNames", (SELECT count(*)::int FROM job_private_value v WHERE v.job_id = j.id) AS "privateRows" FROM job j WHERE id = $1`,
      [jobId],
    );
    return jobSchema.parse(rows[0]);
  });
}

/** Where in the database one of the keys that lie outside of it is found. */
async function keysInTables({ world }: Seen): Promise<string[]> {
  const folder = path.join(world.stack.home, "keys");
  const texts = readdirSync(folder).flatMap((file) => readFileSync(path.join(folder, file), "utf8").match(/[A-Za-z0-9+/_-]{40,}={0,2}/g) ?? []);
  expect(texts.length).toBeGreaterThan(0);
  // As they stand in the file, and as the bytes that they are, which a table shows in hex.
  const keys = texts.flatMap((text) => [text, Buffer.from(text, "base64").toString("hex")]);
  const ledger = new Ledger(createScanner(keys.map((value, index) => ({ name: `key ${index}`, visibility: "secret", value }))));
  await readTables(world.stack.databaseUrl, ledger);
  return ledger.leaks().map(({ place }) => place);
}
