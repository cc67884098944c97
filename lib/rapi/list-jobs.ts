import type { RequestContext } from "#lib/context/context.ts";
import { INSTALL_OF_JOB, jobDetail } from "#lib/jobs/job-view.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { allPages } from "./all-pages.ts";
import { BULK_JOB_FIELDS, jobShape } from "./shapes-job.ts";

/** Ganeti archives jobs after some hours and lists them no more. We list the latest. */
const LATEST_JOBS = 1_000;

/** The jobs that the caller may see, by number. */
export async function listJobShapes(ctx: RequestContext, bulk: boolean): Promise<unknown> {
  const jobs = await allPages((page) => listJobs(ctx, page), LATEST_JOBS);
  const ids = jobs.map(({ id }) => id).sort((a, b) => a - b);
  if (!bulk) return ids.map((id) => ({ id, uri: `/2/jobs/${id}` }));
  // The list above says what the caller may see; the bulk form has more of the same jobs, and no log.
  const rows = await ctx.services.db.job.findMany({ where: { id: { in: ids } }, include: { installs: INSTALL_OF_JOB }, orderBy: { id: "asc" } });
  return rows.map((row) => jobShape(jobDetail({ ...row, logs: [] }), BULK_JOB_FIELDS));
}
