import type { RequestContext } from "#lib/context/context.ts";
import type { JobDetail } from "#lib/domain/views.ts";
import { jobDetail } from "./job-view.ts";
import { readJob } from "./read-job.ts";

/** @throws SlipwayError `unknown_object` */
export async function getJob(ctx: RequestContext, id: number): Promise<JobDetail> {
  const { job } = await readJob(ctx, "job.read", id);
  return jobDetail(job);
}
