import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/** Lines that one job's log can have. What an install says has a log of its own. */
const LINES = 1_000;

/**
 * Adds a line to a job's log, numbered from 1. The transaction must hold the job's row, so that numbers don't meet.
 * No private or secret value may be in it.
 */
export async function logJob(tx: Transaction, jobId: number, opIndex: number, message: string): Promise<void> {
  await tx.$executeRaw(Prisma.sql`
    INSERT INTO job_log (job_id, serial, op_index, message)
    SELECT ${jobId}, coalesce(max(serial), 0) + 1, ${opIndex}, ${message.slice(0, 2_000)}
    FROM job_log WHERE job_id = ${jobId} HAVING count(*) < ${LINES}`);
}
