import { setTimeout } from "node:timers/promises";
import type { Services } from "#lib/context/context.ts";
import { addTask } from "./add-task.ts";
import { runJob } from "./run-job.ts";

/** Milliseconds for which a job keeps its place in the queue. Most have been handed over to their node by then. */
const PLACE_MS = 2_000;
/** Jobs that one process carries out beside the queue. Each is a call to a node that is waited for. */
const MOST_BESIDE = 2_000;
/** Milliseconds before a job that met an error is looked at again. */
const RETRY_MS = 5_000;

export interface JobRuns {
  /** Carries a job out. Resolves once it has come to a point, or needs no place in the queue to come to one. */
  run(task: string, jobId: number): Promise<void>;
  /** Waits for what is under way, at the most so many milliseconds. */
  settle(milliseconds: number): Promise<void>;
}

/**
 * Jobs under way in this process. A node may take an hour over one: to copy disks, to bring files, to give a guest its time to stop. The
 * queue has few places, and whoever has a few instances could take all of them, so that nobody's job begins and none can be cancelled:
 * what takes longer goes on without a place. A job that is under way isn't begun again.
 */
export function createJobRuns(services: Services, signal: AbortSignal, { placeMs = PLACE_MS }: { readonly placeMs?: number } = {}): JobRuns {
  const under = new Map<number, Promise<void>>();

  /** As the queue would, for a job that has no place in it any more. Left undone at the process's end: then others take it over. */
  async function again(task: string, jobId: number): Promise<void> {
    while (!signal.aborted) {
      try {
        await addTask(services.db, { task, jobId, delayMs: RETRY_MS });
        return;
      } catch (error) {
        services.log.error({ error, jobId }, "a job can't be put back into the queue yet");
        await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  return {
    async run(task, jobId) {
      if (under.has(jobId)) return;
      const own = runJob(services, task, jobId, signal);
      const ended = own.then(() => undefined, () => undefined).finally(() => under.delete(jobId));
      under.set(jobId, ended);
      const leaving = new AbortController();
      const left = under.size > MOST_BESIDE ? false : await Promise.race([ended.then(() => false), setTimeout(placeMs, true, { signal: leaving.signal }).catch(() => false)]);
      leaving.abort();
      if (!left) return own;
      void own.catch(async (error: unknown) => {
        if (signal.aborted) return;
        services.log.error({ error, jobId }, "a job met an error and is looked at again");
        await again(task, jobId);
      });
    },
    async settle(milliseconds) {
      const leaving = new AbortController();
      await Promise.race([Promise.allSettled(under.values()), setTimeout(milliseconds, undefined, { signal: leaving.signal }).catch(() => undefined)]);
      leaving.abort();
    },
  };
}
