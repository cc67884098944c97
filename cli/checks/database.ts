import { readdirSync } from "node:fs";
import path from "node:path";
import type { Config } from "#lib/config/config.ts";
import type { Database } from "#lib/db/client.ts";
import { createDatabase } from "#lib/db/client.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { readKeysStatus } from "#lib/secrets/read-keys-status.ts";
import { counted } from "../counted.ts";
import { databaseSilence } from "../database-silence.ts";
import type { Finding } from "./finding.ts";
import { fail, ok, warn } from "./finding.ts";

const migrations = path.resolve(import.meta.dirname, "../../prisma/migrations");

/** Whether the database answers, has this version's schema, and needs no key that isn't here. */
export async function checkDatabase(config: Config): Promise<readonly Finding[]> {
  const db = createDatabase(config.databaseUrl, { connections: 1 });
  try {
    const schema = await checkSchema(db);
    return schema.level === "fail" ? [schema] : [schema, ...(await checkKeys(db, config))];
  } finally {
    await db.$disconnect();
  }
}

async function checkSchema(db: Database): Promise<Finding> {
  let applied: ReadonlySet<string>;
  try {
    const rows = await db.$queryRaw<{ name: string }[]>`SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;
    applied = new Set(rows.map(({ name }) => name));
  } catch (error) {
    // Its message may quote the address, with the password in it.
    return fail(databaseSilence(error) ?? `the database doesn't answer as it should (${codeOf(error)})`);
  }
  const missing = readdirSync(migrations, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !applied.has(entry.name));
  if (missing.length > 0) return fail(`the database lacks ${counted(missing.length, "migration")} of this version: npm run up applies them`);
  return ok("the database answers and has this version's schema");
}

async function checkKeys(db: Database, config: Config): Promise<readonly Finding[]> {
  try {
    const status = await readKeysStatus(db, config);
    const findings: Finding[] = [];
    for (const id of status.missingMasterKeys) findings.push(fail(`the master key ${id} is missing: nothing is lost, put it back (slipway keys status says what needs it)`));
    for (const { id, values } of status.withoutKey) findings.push(fail(`the data key ${id} isn't in the database, and ${counted(values, "private value")} can't be read without it`));
    const old = status.valuesOfMasterKeys.reduce((sum, { values }) => sum + values, 0);
    if (old > 0) findings.push(warn(`${counted(old, "private value")} of the first release: slipway keys rotate encrypts them anew`));
    if (status.masterKey?.sources.some(({ kind }) => kind === "environment") === true) {
      findings.push(warn("the master key comes from the environment, which /proc shows to this user: a file or a credential keeps it from there"));
    }
    const unneeded = status.masterKey?.others.filter(({ isNeeded }) => !isNeeded).length ?? 0;
    if (unneeded > 0) findings.push(ok(`${counted(unneeded, "older master key")} beside the current one, which only backups may need`));
    const isReadable = findings.every(({ level }) => level !== "fail");
    return isReadable && status.masterKey !== null ? [ok(`the master key ${status.masterKey.id} opens everything in the database`), ...findings] : isReadable ? [warn("there is no master key yet: the first start of a controller makes it"), ...findings] : findings;
  } catch (error) {
    return [fail(isSlipwayError(error) ? error.message.replace(/\.$/, "") : `the keys can't be looked at (${codeOf(error)})`)];
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
