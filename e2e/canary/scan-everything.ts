import type { Ledger } from "#scripts/canary/ledger.ts";
import { askForEverything, checkpoint, readAnswers, readFiles, readRapi, readTables } from "./read-everything.ts";
import { readDeletedFiles, readTemporaryFiles } from "./read-leftovers.ts";
import type { Objects } from "./register.ts";
import type { World } from "./world.ts";

/** What isn't a leak and is wrong all the same. */
export interface Faults {
  /** Answers that say that something went wrong inside. */
  readonly broken: readonly string[];
  /** Files that the register doesn't know. */
  readonly unknownFiles: readonly string[];
}

/**
 * Reads every place there is for all that has been planted: what each role is shown, tables, files before and after the
 * database has written what it held, and what lies outside. Processes are sampled all the while and read at the end.
 *
 * @param since when it all began, in milliseconds of the clock
 */
export async function scanEverything(world: World, objects: Objects, ledger: Ledger, since: number): Promise<Faults> {
  const { stack } = world;
  ledger.useScanner(world.plants.scanner());
  const broken = await askForEverything(world, objects);
  await readRapi(world, objects, ledger);
  await world.stopListening();
  readAnswers(world, ledger);
  await readTables(stack.databaseUrl, ledger);
  const unknown = new Set(await readFiles(stack.home, ledger));
  await checkpoint(stack);
  for (const file of await readFiles(stack.home, ledger)) unknown.add(file);
  await readDeletedFiles(ledger);
  await readTemporaryFiles(ledger, since);
  return { broken, unknownFiles: [...unknown] };
}
