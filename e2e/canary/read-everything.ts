import { readdirSync, readFileSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { request } from "node:http";
import path from "node:path";
import pg from "pg";
import type { Find, Scanner } from "#scripts/canary/scan.ts";
import type { Client } from "../client.ts";
import type { Stack } from "../stack.ts";
import { API_READS, FILES, PAGES, RAPI_READS, SCHEMAS, type Objects } from "./register.ts";

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
export async function scanTables(databaseUrl: string, scanner: Scanner): Promise<Find[]> {
  const tables = (await listTables(databaseUrl)).filter((table) => SCHEMAS.some((schema) => table.startsWith(`${schema}.`)));
  return withDatabase(databaseUrl, async (client) => {
    const finds: Find[] = [];
    for (const table of tables) {
      const name = table.split(".").map((part) => client.escapeIdentifier(part)).join(".");
      const columns = await client.query<{ column: string }>("SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped", [name]);
      const texts = columns.rows.map(({ column }) => `t.${client.escapeIdentifier(column)}::text`).join(", ");
      const { rows } = await client.query<(string | null)[]>({ text: `SELECT ${texts} FROM ${name} t`, rowMode: "array" });
      for (const value of rows.flat()) if (value !== null) finds.push(...scanner.scan(`table ${table}`, value));
    }
    return finds;
  });
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

/** Every read of the API and RAPI, and every page, as one account. What it is refused counts as an answer too. */
export async function readInterfaces(client: Client, objects: Objects): Promise<string[]> {
  const addresses = [
    ...Object.values(API_READS).map((address) => address(objects)),
    ...Object.values(PAGES).map((address) => address(objects)),
    ...Object.values(RAPI_READS).flatMap((read) => read?.(objects) ?? []),
  ].filter((address) => address !== "");
  const failed: string[] = [];
  for (const address of addresses) {
    const { status } = await client.send("GET", address);
    if (status >= 500) failed.push(`${status} ${address}`);
  }
  return failed;
}

/** `GET /2/jobs/ID/wait` with its body, which `fetch` can't send. */
export function waitForJob(stack: Stack, job: string): Promise<string> {
  const body = JSON.stringify({ fields: ["id", "ops", "status", "summary", "opresult", "oplog"], previous_job_info: null, previous_log_serial: null });
  return new Promise((resolve, reject) => {
    const call = request(
      new URL(`/2/jobs/${job}/wait`, stack.consoleUrl),
      { method: "GET", auth: `${stack.adminUser}:${stack.adminPassword}`, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) }, timeout: 60_000 },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => (text += piece));
        response.on("end", () => resolve(text));
        response.on("error", reject);
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}

/** Files below a folder, by their path below it. Sockets and FIFOs hold nothing. */
export async function* filesBelow(root: string, below = ""): AsyncGenerator<string> {
  for await (const entry of await opendir(path.join(root, below))) {
    const name = path.posix.join(below, entry.name);
    if (entry.isDirectory()) yield* filesBelow(root, name);
    else if (entry.isFile()) yield name;
  }
}

export interface FileScan {
  readonly finds: readonly Find[];
  /** Files that no rule of the register knows. */
  readonly unknown: readonly string[];
}

/** Every file below SLIPWAY_HOME. One that goes away while it is read held nothing that stays. */
export async function scanFiles(home: string, scanner: Scanner): Promise<FileScan> {
  const finds: Find[] = [];
  const unknown: string[] = [];
  for await (const file of filesBelow(home)) {
    const rule = FILES.find(({ path: pattern }) => pattern.test(file));
    if (rule === undefined) unknown.push(file);
    else if (rule.unread === undefined) finds.push(...(await unlessGone(scanner.scanFile(`file ${file}`, path.join(home, file)))));
  }
  return { finds, unknown };
}

async function unlessGone(scan: Promise<Find[]>): Promise<Find[]> {
  try {
    return await scan;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** Command lines and environments of all processes that may be read. */
export function scanProcesses(scanner: Scanner): Find[] {
  const finds: Find[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const part of ["cmdline", "environ"] as const) {
      try {
        finds.push(...scanner.scan(`${part} of a process`, readFileSync(`/proc/${pid}/${part}`)));
      } catch {
        // It has ended, or belongs to somebody else.
      }
    }
  }
  return finds;
}
