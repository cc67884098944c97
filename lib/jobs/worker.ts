/** The worker of a controller process (design: architecture, "Worker": jobs are in PostgreSQL, woken by NOTIFY). */
import { setTimeout } from "node:timers/promises";
import { Logger as QueueLogger, parseCronItems, run } from "graphile-worker";
import type { Runner, TaskList } from "graphile-worker";
import type pg from "pg";
import { z } from "zod";
import type { Services } from "#lib/context/context.ts";
import { createPool } from "#lib/db/client.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { tidyImport } from "#lib/exports/tidy-import.ts";
import { cancelRunningInstall } from "#lib/installs/cancel-running-install.ts";
import { endLapsedInstalls, renewLeases } from "#lib/installs/keep-leases.ts";
import { LEASE } from "#lib/installs/lease.ts";
import { settleInstall } from "#lib/installs/settle-install.ts";
import { addTask, ownTask, TASKS } from "./add-task.ts";
import { cleanQueue } from "./clean-queue.ts";
import { forgetEnded, forgetSecretsOfEndedJobs } from "./forget-secrets.ts";
import { pruneHistory } from "./prune-history.ts";
import type { JobRuns } from "./job-runs.ts";
import { createJobRuns } from "./job-runs.ts";

/** Places in the queue. What a node takes longer over goes on without one (job-runs.ts), and none waits for an install. */
const CONCURRENCY = 16;
/** Milliseconds between looks for tasks that were put off; new ones come by NOTIFY. */
const POLL_MS = 2_000;
/** Milliseconds that running jobs have to come to a point where they can be taken up again. */
const SHUTDOWN_MS = 5_000;

/** Milliseconds before a queue that stopped by itself is started again. */
const RESTART_MS = 2_000;

/** Milliseconds before a node that doesn't answer is asked again to remove what nobody needs. */
const TIDY_RETRY_MS = 300_000;

export interface JobWorker {
  /** Takes no more jobs, and lets the running ones come to a point where another process can go on. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** Whether this process carries out jobs of the whole cluster (role `worker`). Its own jobs with secrets it always does. */
  readonly shared: boolean;
}

/**
 * Starts carrying out jobs. Every controller process needs one, because jobs with secrets belong to the process that
 * accepted them. Migrates the queue's own tables first.
 */
export async function startJobWorker(services: Services, options: WorkerOptions): Promise<JobWorker> {
  const pool = createPool(services.config.databaseUrl, { connections: CONCURRENCY, name: "slipway-queue" });
  const onLost = (error: Error): void => services.log.warn({ error }, "a connection of the job queue was lost");
  pool.on("error", onLost);
  // Connections that are in use have handlers of their own.
  pool.on("connect", (client) => client.on("error", onLost));
  const stopping = new AbortController();
  const runs = createJobRuns(services, stopping.signal);
  const stopForgetting = forgetSecretsOfEndedJobs(services);
  const rounds = setInterval(() => {
    keepRound(services, options, stopping.signal).catch((error: unknown) => services.log.error({ error }, "a round of leases failed"));
  }, LEASE.renewEverySeconds * 1_000);
  rounds.unref();
  const start = (): Promise<Runner> =>
    run({
      pgPool: pool,
      concurrency: CONCURRENCY,
      maxPoolSize: CONCURRENCY,
      pollInterval: POLL_MS,
      noHandleSignals: true,
      gracefulShutdownAbortTimeout: SHUTDOWN_MS,
      taskList: tasks(services, { pool, runs }, options, stopping.signal),
      parsedCronItems: options.shared ? parseCronItems([{ task: TASKS.prune, match: "17 * * * *", identifier: TASKS.prune }]) : [],
      logger: queueLogger(services),
      // Otherwise it marks a task as done without waiting for that, also when it stops: the pool ends before, and an error
      // that nobody can catch ends the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    });
  let runner: Runner;
  try {
    runner = await start();
  } catch (error) {
    clearInterval(rounds);
    stopForgetting();
    await pool.end();
    throw error;
  }

  /** The queue stops by itself where the database fails it at the wrong moment. A task that it has twice then is one job. */
  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await runner.promise;
      } catch (error) {
        services.log.error({ error }, "the job queue stopped");
      }
      if (await pause(RESTART_MS, stopping.signal)) return;
      runner = await start().catch((error: unknown) => {
        services.log.error({ error }, "the job queue can't be started again yet");
        return runner;
      });
    }
  }
  const kept = keepRunning();
  return {
    async stop() {
      clearInterval(rounds);
      stopForgetting();
      stopping.abort();
      // One that has stopped by itself says so with an error.
      await runner.stop().catch(() => undefined);
      await kept;
      // The one that was being started meanwhile, if any.
      await runner.stop().catch(() => undefined);
      await runs.settle(SHUTDOWN_MS);
      await pool.end();
    },
  };
}

/** Resolves after the time, or at once when the signal fires: then with true. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return setTimeout(milliseconds, false, { signal }).catch(() => true);
}

const jobPayloadSchema = z.object({ jobId: z.number().int() });

function tasks(services: Services, { pool, runs }: { readonly pool: pg.Pool; readonly runs: JobRuns }, { shared }: WorkerOptions, signal: AbortSignal): TaskList {
  const own = ownTask(services.controllerId);
  const runAs = (task: string) => async (payload: unknown) => {
    const { jobId } = jobPayloadSchema.parse(payload);
    await runs.run(task, jobId);
  };
  if (!shared) return { [own]: runAs(own) };
  return {
    [own]: runAs(own),
    [TASKS.run]: runAs(TASKS.run),
    [TASKS.cancel]: async (payload: unknown) => {
      const job = await installJob(services, payload);
      if (job !== null && (await cancelRunningInstall(services, job.installId, signal)) === "again") await addTask(services.db, { task: TASKS.cancel, jobId: job.id, delayMs: LEASE.retryMs });
    },
    [TASKS.settle]: async (payload: unknown) => {
      const job = await installJob(services, payload);
      if (job !== null && (await settleInstall(services, job.installId, job.secretNames, signal)) === "again") await addTask(services.db, { task: TASKS.settle, jobId: job.id, delayMs: LEASE.retryMs });
    },
    [TASKS.tidy]: async (payload: unknown) => {
      const { jobId } = jobPayloadSchema.parse(payload);
      if ((await tidyImport(services, jobId, signal)) === "again") await addTask(services.db, { task: TASKS.tidy, jobId, delayMs: TIDY_RETRY_MS });
    },
    [TASKS.prune]: async () => {
      await pruneHistory(services, signal);
      await cleanQueue(services, pool);
    },
  };
}

/** The install of a task's job; null: it has none. */
async function installJob(services: Services, payload: unknown): Promise<{ readonly id: number; readonly installId: string; readonly secretNames: readonly string[] } | null> {
  const { jobId } = jobPayloadSchema.parse(payload);
  const job = await services.db.job.findUnique({ where: { id: jobId }, select: { id: true, request: true, secretNames: true } });
  if (job === null) return null;
  const request = jobRequestSchema.parse(job.request);
  return "installId" in request ? { id: job.id, installId: request.installId, secretNames: job.secretNames } : null;
}

async function keepRound(services: Services, { shared }: WorkerOptions, signal: AbortSignal): Promise<void> {
  await renewLeases(services, signal);
  if (shared) await endLapsedInstalls(services);
  await forgetEnded(services);
}

/** The queue's own messages in our log. Payloads are job numbers; an error of a task is described, not dumped. */
function queueLogger(services: Services): QueueLogger {
  const log = services.log.child({ part: "queue" });
  return new QueueLogger(() => (level, message, meta) => {
    const details = "error" in meta ? { error: meta["error"] } : {};
    switch (level) {
      case "error":
        log.error(details, message);
        break;
      case "warning":
        log.warn(details, message);
        break;
      case "info":
      case "debug":
        log.debug(details, message);
        break;
    }
  });
}
