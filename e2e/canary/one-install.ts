/** One install of the proof, and what is looked at while it runs. */
import type { Ledger } from "#scripts/canary/ledger.ts";
import { acceptedSchema, type Client, type Install } from "../client.ts";
import type { Planted } from "./plant.ts";
import { askForEverything, readTables, withDatabase } from "./read-everything.ts";
import { readDeletedFiles } from "./read-leftovers.ts";
import type { Objects } from "./register.ts";
import type { Role, World } from "./world.ts";

/** The install of one step. */
export interface Ended extends Planted {
  readonly installId: string;
  readonly jobId: number;
  readonly install: Install;
}

/** An encrypted value of a job. */
export interface SealedRow {
  readonly name: string;
  readonly sealed: string;
}

/** Sends a request that begins an install, and follows it to its end or to where `until` says. */
export async function install(client: Client, path: string, body: object, planted: Planted, until?: (install: Install) => Promise<boolean>): Promise<Ended> {
  const { installId, jobId } = await client.call("POST", path, acceptedSchema, body);
  return { ...planted, installId, jobId, install: await client.follow(installId, until) };
}

export function expectState(what: string, { state, error }: Install, ...states: readonly string[]): void {
  if (!states.includes(state)) throw new Error(`${what} is ${state} and should be ${states.join(" or ")}: ${error?.message ?? "no error"}`);
}

/** While a job with values runs: the tables, what is open, and what each role is shown of it. */
export async function lookMeanwhile(world: World, ledger: Ledger, objects: Objects, roles: readonly Role[]): Promise<readonly SealedRow[]> {
  ledger.useScanner(world.plants.scanner());
  await readTables(world.stack.databaseUrl, ledger, "tables while a job runs");
  await readDeletedFiles(ledger);
  const broken = await askForEverything(world, objects, roles);
  if (broken.length > 0) throw new Error(`these break while a job runs: ${broken.join(", ")}`);
  return withDatabase(world.stack.databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string; sealed: string }>("SELECT name, encode(value, 'hex') AS sealed FROM job_private_value WHERE job_id = $1", [Number(objects.job)]);
    return rows;
  });
}
