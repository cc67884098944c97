import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { allPages } from "./all-pages.ts";
import { mapInBatches } from "./in-batches.ts";
import { BULK_JOB_FIELDS, jobShape } from "./shapes-job.ts";

/** Ganeti archives jobs after some hours and lists them no more. We list the latest. */
const LATEST_JOBS = 1_000;

/** The jobs that the caller may see, by number. */
export async function listJobShapes(ctx: RequestContext, bulk: boolean): Promise<unknown> {
  const jobs = [...(await allPages((page) => listJobs(ctx, page), LATEST_JOBS))].sort((a, b) => a.id - b.id);
  if (!bulk) return jobs.map(({ id }) => ({ id, uri: `/2/jobs/${id}` }));
  return mapInBatches(jobs, async ({ id }) => {
    const job = await getJob(ctx, id).catch(nullIfGone);
    return job === null ? null : jobShape(job, BULK_JOB_FIELDS);
  });
}

/** For an object that went away since the list was read. */
export function nullIfGone(error: unknown): null {
  if (isSlipwayError(error) && error.code === "unknown_object") return null;
  throw error;
}
