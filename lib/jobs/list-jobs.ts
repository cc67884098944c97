import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import type { JobStatusName, JobSummary } from "#lib/domain/views.ts";
import { INSTALL_OF_JOB, jobSummary } from "./job-view.ts";

export interface ListJobsRequest extends PageRequest {
  readonly status?: JobStatusName | undefined;
  readonly instanceName?: string | undefined;
}

const cursorSchema = z.strictObject({ id: z.number().int().positive() });

/** Jobs, newest first: for an owner those of their instances and those that they asked for. */
export async function listJobs(ctx: RequestContext, request: ListJobsRequest): Promise<Page<JobSummary>> {
  const { ownerId } = await requireReach(ctx, "job.list", "job");
  const { limit, after } = pageStart(request, cursorSchema);
  const { db } = ctx.services;
  const ids = await db.$queryRaw<{ id: number }[]>(Prisma.sql`
    SELECT j.id FROM job j WHERE true
      ${after === null ? Prisma.empty : Prisma.sql`AND j.id < ${after.id}`}
      ${request.status === undefined ? Prisma.empty : Prisma.sql`AND j.status = ${request.status}::"JobStatus"`}
      ${request.instanceName === undefined ? Prisma.empty : Prisma.sql`AND j.instance_name = ${request.instanceName}`}
      ${ownerId === undefined ? Prisma.empty : ofOwner(ownerId)}
    ORDER BY j.id DESC LIMIT ${limit + 1}`);
  const rows = await db.job.findMany({ where: { id: { in: ids.map(({ id }) => id) } }, include: { installs: INSTALL_OF_JOB }, orderBy: { id: "desc" } });
  const page = makePage(rows, limit, (row) => ({ id: row.id }));
  return { ...page, items: page.items.map(jobSummary) };
}

/** The same rule as in read-job.ts. */
function ofOwner(ownerId: string): Prisma.Sql {
  return Prisma.sql`AND CASE
    WHEN EXISTS (SELECT FROM instance n WHERE n.id = j.instance_id) THEN EXISTS (SELECT FROM instance n WHERE n.id = j.instance_id AND n.owner_id = ${ownerId}::uuid)
    ELSE j.requested_by_id = ${ownerId}::uuid END`;
}
