import type { Queryable } from "#lib/db/client.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import type { DetailRow } from "./read-instance.ts";

type Before = Extract<JobRequest, { readonly kind: "instance.reinstall" }>["before"];

/**
 * An instance before a job takes hold of it, with the install that made the system that it has: the last one is another where it
 * failed, or only read the disks. What such a one found stands in its own job.
 */
export async function beforeJob(db: Queryable, { adminState, installState, currentInstall }: Pick<DetailRow, "adminState" | "installState" | "currentInstall">): Promise<Before> {
  if (currentInstall === null) return { adminState, installState, installId: null };
  const { request } = await db.job.findUniqueOrThrow({ where: { id: currentInstall.jobId }, select: { request: true } });
  const last = jobRequestSchema.parse(request);
  const isIts = currentInstall.state === "done" && last.kind !== "instance.export";
  return { adminState, installState, installId: isIts || !("before" in last) ? currentInstall.id : last.before.installId };
}
