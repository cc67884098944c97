/** Reads every place that the register knows into a ledger. */
import { opendir } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { startPostgres } from "#scripts/postgres/server.ts";
import type { Ledger } from "#scripts/canary/ledger.ts";
import type { ProcessSamples } from "#scripts/canary/sample-processes.ts";
import type { Stack } from "../stack.ts";
import { readRapiPort, waitForJob } from "./read-rapi.ts";
import { API_READS, FILES, PAGES, RAPI_READS, SCHEMAS, type Objects } from "./register.ts";
import { ROLES, type Role, type World } from "./world.ts";

/** Tables of the database, as `schema.table`. */
export async function listTables(databaseUrl: string): Promise<string[]> {
  return withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<{ table: string }>(
      `SELECT table_schema || '.' || table_name AS table FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    return rows.map(({ table }) => table);
  });
}

/** Every column of every row as text, each by itself: a row as one text would be escaped once more. Bytes come as hex, in which the scanner looks as well. */
export async function readTables(databaseUrl: string, ledger: Ledger, kind = "tables"): Promise<void> {
  const tables = (await listTables(databaseUrl)).filter((table) => SCHEMAS.some((schema) => table.startsWith(`${schema}.`)));
  await withDatabase(databaseUrl, async (client) => {
    for (const table of tables) {
      const name = table.split(".").map((part) => client.escapeIdentifier(part)).join(".");
      const columns = await client.query<{ column: string }>("SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped", [name]);
      const texts = columns.rows.map(({ column }) => `t.${client.escapeIdentifier(column)}::text`).join(", ");
      const { rows } = await client.query<(string | null)[]>({ text: `SELECT ${texts} FROM ${name} t`, rowMode: "array" });
      ledger.read(kind, `table ${table}`, "");
      for (const value of rows.flat()) if (value !== null) ledger.read(kind, `table ${table}`, value);
    }
  });
}

/**
 * Has long values written as they are from now on: compressed they would be in the data directory and in the write-ahead log
 * and couldn't be seen there.
 */
export async function storeUncompressed(databaseUrl: string): Promise<void> {
  const tables = await listTables(databaseUrl);
  await withDatabase(databaseUrl, async (client) => {
    for (const table of tables) {
      const name = table.split(".").map((part) => client.escapeIdentifier(part)).join(".");
      const { rows } = await client.query<{ column: string }>(
        "SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attstorage IN ('x', 'm')",
        [name],
      );
      for (const { column } of rows) await client.query(`ALTER TABLE ${name} ALTER COLUMN ${client.escapeIdentifier(column)} SET STORAGE EXTERNAL`);
    }
  });
}

/** Has the database write what it holds to its data files. */
export async function checkpoint(stack: Stack): Promise<void> {
  const { superuserUrl } = await startPostgres({ directory: path.join(stack.home, "postgres"), logFile: path.join(stack.home, "log/postgres.log") });
  await withDatabase(superuserUrl, (client) => client.query("CHECKPOINT"));
}

export async function withDatabase<T>(databaseUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/**
 * Asks for every read of the API and RAPI, and every page, in every role. What somebody is refused counts as an answer too.
 *
 * @returns what broke: answers that say that something went wrong inside.
 */
export async function askForEverything(world: World, objects: Objects, roles: readonly Role[] = ROLES): Promise<string[]> {
  const pages = Object.values(PAGES).map((address) => address(objects));
  const addresses = [...Object.values(API_READS).map((address) => address(objects)), ...pages, ...Object.values(RAPI_READS).flatMap((read) => read?.(objects) ?? [])];
  const broken: string[] = [];
  for (const role of roles) {
    const client = world.as(role);
    const answers = [];
    for (const address of addresses) if (address !== "") answers.push(await client.send("GET", address));
    for (const page of pages) answers.push(await client.payload(page));
    for (const { status, url } of answers) if (status >= 500) broken.push(`${role}: ${status} ${url}`);
  }
  return broken;
}

/** What anybody was told until now, page by page and answer by answer, and the event streams. */
export function readAnswers(world: World, ledger: Ledger): void {
  for (const { role, answer } of world.answers.splice(0)) {
    const { method, url, everything } = answer;
    const kind = method === "PAYLOAD" ? "page payloads" : /^\/(api|2|version)(\/|\?|$)/.test(url) ? "answers" : "pages";
    ledger.read(`${kind} to ${role}`, `${method} ${url.split("?", 1)[0] ?? ""} to ${role}`, everything);
  }
  for (const [role, pieces] of world.streamed) ledger.read(`event stream of ${role}`, `event stream of ${role}`, Buffer.concat(pieces));
}

/** RAPI on its own port, and its long poll, whose requests have bodies. */
export async function readRapi(world: World, objects: Objects, ledger: Ledger): Promise<void> {
  const addresses = Object.values(RAPI_READS).flatMap((read) => read?.(objects) ?? []);
  for (const role of ["administrator", "owner", "another owner", "signed out"] as const) {
    const account = world.accounts[role];
    for (const address of ["/", ...addresses]) ledger.read("RAPI's port", `GET ${address} to ${role}`, await readRapiPort(world.stack, account, address));
    ledger.read("RAPI's port", `a long poll of ${role}`, await waitForJob(world.stack, account, objects.job));
  }
}

/** Files below a folder, by their path below it. Sockets and FIFOs hold nothing. */
export async function* filesBelow(root: string, below = ""): AsyncGenerator<string> {
  for await (const entry of await opendir(path.join(root, below))) {
    const name = path.posix.join(below, entry.name);
    if (entry.isDirectory()) yield* filesBelow(root, name);
    else if (entry.isFile()) yield name;
  }
}

/** Every file below SLIPWAY_HOME. @returns those that no rule of the register knows. */
export async function readFiles(home: string, ledger: Ledger): Promise<string[]> {
  const unknown: string[] = [];
  for await (const file of filesBelow(home)) {
    const rule = FILES.find(({ path: pattern }) => pattern.test(file));
    if (rule === undefined) unknown.push(file);
    else if (rule.unread === undefined) await ledger.readFile(rule.kind, `file ${file}`, path.join(home, file));
  }
  return unknown;
}

/** What was read of processes while everything ran. */
export function readSamples(samples: ProcessSamples, ledger: Ledger): void {
  for (const { part, program, content } of samples.texts) {
    ledger.read(part === "command line" ? "command lines" : "environments", `${part} of ${program}`, Buffer.from(content));
  }
}
