/** The queue that wakes processes. Our own rows say what is true; a task only says "look at this job" (docs: decision 002). */
import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

export const TASKS = {
  /** Carry out a job, or go on with it. */
  run: "run-job",
  /** Tell the agent that a running install is to end. */
  cancel: "cancel-job",
  /** Find out what became of an order whose sender is gone. */
  settle: "settle-job",
  /** Remove what was brought to a node for an import that has ended. */
  tidy: "tidy-import",
  /** Remove what is past its time. */
  prune: "prune-history",
} as const;
export type Task = (typeof TASKS)[keyof typeof TASKS];

/** A job with secrets is for the one process that holds them: only it knows this task. */
export function ownTask(controllerId: string): string {
  return `${TASKS.run}:${controllerId}`;
}

export interface TaskRequest {
  readonly task: string;
  readonly jobId: number;
  /** Milliseconds from now; at once unless given. */
  readonly delayMs?: number;
}

/** Adds a task, in the transaction of the change that it is about. The same task for the same job is there once. */
export async function addTask(db: Queryable, { task, jobId, delayMs = 0 }: TaskRequest): Promise<void> {
  await db.$executeRaw(Prisma.sql`
    SELECT 1 FROM graphile_worker.add_job(
      identifier => ${task}::text,
      payload => json_build_object('jobId', ${jobId}::int),
      run_at => now() + ${delayMs}::int * interval '1 millisecond',
      job_key => ${`${task}:${jobId}`}::text)`);
}
