import type { Transaction } from "#lib/db/client.ts";
import { SHORTEST_SCRUBBED } from "#lib/domain/parameters.ts";
import { logJob } from "./log-job.ts";

/** Says in a job's log which private and secret values are too common to be replaced in what a guest prints (design: visibility, "Scrubbing knows the bytes"). */
export async function warnTooShort(tx: Transaction, jobId: number, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await logJob(tx, jobId, 0, ` - WARNING: values with fewer than ${SHORTEST_SCRUBBED} characters can't be replaced in the install's log: ${names.join(", ")}`);
}
