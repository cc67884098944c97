import type { RequestContext } from "#lib/context/context.ts";
import type { JobDetail, JobStatusName } from "#lib/domain/views.ts";
import { getJob } from "./get-job.ts";

export interface WaitForJobRequest {
  /** What the caller knows; left out: anything is news. */
  readonly since?: { readonly status: JobStatusName; readonly lastLogSerial: number } | undefined;
  /** Milliseconds; at most two minutes. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const LONGEST_MS = 120_000;

/**
 * Waits until a job has another status or a new line in its log, woken by the feed. Ended jobs are answered at once.
 *
 * @returns the job; null: nothing happened in time, or the caller went away.
 * @throws SlipwayError `unknown_object`
 */
export async function waitForJob(ctx: RequestContext, id: number, request: WaitForJobRequest): Promise<JobDetail | null> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(Math.min(request.timeoutMs, LONGEST_MS))]);
  let woken = false;
  let wake: (() => void) | null = null;
  const call = (): void => {
    woken = true;
    wake?.();
  };
  // Listening before reading: what happens in between wakes as well.
  const stop = ctx.services.feed.onEvent(({ payload }) => {
    if (payload.type === "job.changed" && payload.jobId === id) call();
  });
  signal.addEventListener("abort", call, { once: true });
  try {
    for (;;) {
      woken = false;
      const job = await getJob(ctx, id);
      if (isNews(job, request.since)) return job;
      if (signal.aborted) return null;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (woken) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", call);
  }
}

function isNews(job: JobDetail, since: WaitForJobRequest["since"]): boolean {
  if (since === undefined || job.endedAt !== null) return true;
  return job.status !== since.status || (job.log.at(-1)?.serial ?? 0) > since.lastLogSerial;
}
