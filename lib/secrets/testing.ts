import { createCipheriv, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Writable } from "node:stream";
import { loadConfig } from "#lib/config/config.ts";
import type { EnvelopePlace, RequestContext, Services } from "#lib/context/context.ts";
import { USER_DATA } from "#lib/context/context.ts";
import { openServices, setupContext } from "#lib/context/open-services.ts";
import type { Database } from "#lib/db/client.ts";
import type { TestDatabase } from "#lib/db/testing.ts";
import { createLogger } from "#lib/logging/logger.ts";
import { keyId } from "./key-id.ts";

/** An envelope as the first release wrote it: version 1, sealed with the master key itself. */
export function sealAsFirstRelease(text: string, key: Uint8Array, place: EnvelopePlace & { readonly kind: "instance" | "job" }): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(12);
  const head = Buffer.concat([Buffer.of(1), Buffer.from(keyId(key), "hex"), nonce]);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  const parts = place.kind === "instance" ? ["instance", place.instanceId, place.name] : ["job", place.jobId, place.name];
  cipher.setAAD(Buffer.concat([head, Buffer.from(JSON.stringify(parts), "utf8")]));
  return Uint8Array.from(Buffer.concat([head, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]));
}

/** Whether the first release had private values of this kind. */
export function isOfFirstRelease(place: EnvelopePlace): place is EnvelopePlace & { readonly kind: "instance" | "job" } {
  return place.kind === "instance" || place.kind === "job";
}

/** The key files of the first release in `keys/` of a home directory. */
export function writeFirstReleaseFiles(keys: string): { readonly masterKey: Buffer; readonly fingerprintKey: Buffer; readonly sessionSecret: string } {
  const [masterKey, fingerprintKey, sessionSecret] = [randomBytes(32), randomBytes(32), randomBytes(32).toString("base64url")];
  const id = keyId(masterKey);
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): void => writeFileSync(path.join(keys, name), text, { mode: 0o600 });
  write("private-parameters.json", `${JSON.stringify({ current: id, keys: { [id]: masterKey.toString("base64") } })}\n`);
  write("fingerprints.json", `${JSON.stringify({ current: "1", keys: { "1": fingerprintKey.toString("base64") } })}\n`);
  write("session-secret", `${sessionSecret}\n`);
  return { masterKey, fingerprintKey, sessionSecret };
}

/** A controller's services on a test's database, with a home directory and settings of its own. */
export interface TestController {
  readonly ctx: RequestContext;
  readonly services: Services;
  close(): Promise<void>;
}

export async function openTestController(database: TestDatabase, home: string, settings: Readonly<Record<string, string>> = {}): Promise<TestController> {
  const config = loadConfig({ environment: { SLIPWAY_HOME: home, DATABASE_URL: database.url.open(), NODE_ENV: "production", ...settings } });
  const open = await openServices(config, createLogger({ level: "error", destination: new Writable({ write: (_chunk, _encoding, done) => { done(); } }) }));
  return { services: open.services, ctx: setupContext(open.services), close: () => open.close() };
}

/** A place for each kind of private value, with its row: an instance's parameter and user data, a job's and a default. */
export async function insertPlaces(db: Database, name: string): Promise<readonly EnvelopePlace[]> {
  const node = await db.node.create({ data: { name: `${name}.node.test` } });
  const instance = await db.instance.create({ data: { name: `${name}.test`, nodeId: node.id, memoryMib: 128 } });
  const job = await db.job.create({ data: { ops: [], summary: [], request: {}, requester: "test", interface: "api" } });
  return [
    { kind: "instance", instanceId: instance.id, name },
    { kind: "user-data", instanceId: instance.id, name: USER_DATA },
    { kind: "job", jobId: job.id, name },
    { kind: "default", definitionId: null, variant: null, name },
  ];
}

/** Stores a private value in its place, new or in the stead of what is there. */
export async function storeValue(db: Database, place: EnvelopePlace, envelope: Uint8Array<ArrayBuffer>): Promise<void> {
  const { name } = place;
  const value = { visibility: "private", privateValue: envelope } as const;
  switch (place.kind) {
    case "instance":
      await db.instanceParameter.upsert({ where: { instanceId_name: { instanceId: place.instanceId, name } }, create: { instanceId: place.instanceId, name, ...value }, update: value });
      return;
    case "user-data":
      await db.instance.update({ where: { id: place.instanceId }, data: { userData: envelope } });
      return;
    case "job":
      await db.jobPrivateValue.upsert({ where: { jobId_name: { jobId: place.jobId, name } }, create: { jobId: place.jobId, name, value: envelope }, update: { value: envelope } });
      return;
    case "default":
      await db.parameterDefault.deleteMany({ where: { name, definitionId: null } });
      await db.parameterDefault.create({ data: { name, updatedBy: "test", ...value } });
      return;
  }
}

export async function readValue(db: Database, place: EnvelopePlace): Promise<Uint8Array> {
  const { name } = place;
  switch (place.kind) {
    case "instance":
      return (await db.instanceParameter.findUniqueOrThrow({ where: { instanceId_name: { instanceId: place.instanceId, name } } })).privateValue ?? new Uint8Array();
    case "user-data":
      return (await db.instance.findUniqueOrThrow({ where: { id: place.instanceId } })).userData ?? new Uint8Array();
    case "job":
      return (await db.jobPrivateValue.findUniqueOrThrow({ where: { jobId_name: { jobId: place.jobId, name } } })).value;
    case "default":
      return (await db.parameterDefault.findFirstOrThrow({ where: { name, definitionId: null } })).privateValue ?? new Uint8Array();
  }
}

const DUMPED = ["cluster", "node", "instance", "instance_parameter", "job", "job_private_value", "parameter_default", "data_key"] as const;

/** Every row of those tables, as text: what a dump of the database is. */
export async function dumpRows(db: Database): Promise<ReadonlyMap<string, string>> {
  const dump = new Map<string, string>();
  for (const table of DUMPED) {
    const [row] = await db.$queryRawUnsafe<{ rows: string }[]>(`SELECT COALESCE(json_agg(t ORDER BY t::text), '[]')::text AS rows FROM ${table} t`);
    dump.set(table, row?.rows ?? "[]");
  }
  return dump;
}

/** Puts a dump into a database without rows. */
export async function restoreRows(db: Database, dump: ReadonlyMap<string, string>): Promise<void> {
  for (const [table, rows] of dump) await db.$executeRawUnsafe(`INSERT INTO "${table}" SELECT * FROM json_populate_recordset(NULL::"${table}", $1::json)`, rows);
}
