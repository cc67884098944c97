import type { Transaction } from "#lib/db/client.ts";
import { SHORTEST_SCRUBBED } from "#lib/domain/parameters.ts";
import { logJob } from "./log-job.ts";

/** A sentence about private and secret values that a log can't be kept clear of; none where there are no such values. */
export function shortValueWarnings(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`Values with fewer than ${SHORTEST_SCRUBBED} characters can't be replaced in the install's log: ${names.join(", ")}.`];
}

/** Says in a job's log which private and secret values are too common to be replaced in what a guest prints (design: visibility, "Scrubbing knows the bytes"). */
export async function warnTooShort(tx: Transaction, jobId: number, names: readonly string[]): Promise<void> {
  for (const warning of shortValueWarnings(names)) await logJob(tx, jobId, 0, ` - WARNING: ${warning}`);
}
