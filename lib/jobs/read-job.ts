import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import { INSTALL_OF_JOB } from "./job-view.ts";

/** Log lines of one answer: all that a job can have (lib/jobs/log-job.ts). */
const LOGS = { orderBy: { serial: "asc" }, take: 1_000 } as const;

/**
 * A job with its log, for somebody who may carry out an operation on it. It belongs to its instance's owner; one that has no
 * instance (any more) belongs to whoever asked for it.
 */
export async function readJob(ctx: RequestContext, operation: Extract<Operation, "job.read" | "job.cancel">, id: number) {
  if (!Number.isInteger(id) || id < 1 || id > 2_147_483_647) throw unknownObject("job", String(id));
  const { db } = ctx.services;
  const job = await db.job.findUnique({ where: { id }, include: { installs: INSTALL_OF_JOB, logs: LOGS } });
  if (job === null) throw unknownObject("job", String(id));
  const instance = job.instanceId === null ? null : await db.instance.findUnique({ where: { id: job.instanceId }, select: { ownerId: true } });
  await requireAccess(ctx, operation, { kind: "job", name: String(id), ownerId: instance === null ? job.requestedById : instance.ownerId });
  return { job, ownerId: instance === null ? job.requestedById : instance.ownerId };
}
