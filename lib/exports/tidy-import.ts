import type { Services } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { importsUnderWay } from "./imports-under-way.ts";

/** A node that hasn't answered for so long after the import's end has what it has. */
const GIVE_UP_MS = 7 * 86_400_000;

/**
 * Removes the files of an export that were brought to a node for an import, once that has ended, whatever its end. The node that keeps
 * the export keeps it, and another import to the same node that is under way needs them still, and tidies up in its turn.
 *
 * @returns `again` where the node doesn't answer.
 */
export async function tidyImport(services: Services, jobId: number, signal: AbortSignal): Promise<"done" | "again"> {
  const { db } = services;
  const job = await db.job.findUnique({ where: { id: jobId }, select: { request: true, endedAt: true, installs: { select: { nodeId: true } } } });
  const nodeId = job?.installs[0]?.nodeId;
  if (job === null || nodeId === undefined || job.endedAt === null || job.endedAt.getTime() < Date.now() - GIVE_UP_MS) return "done";
  const request = jobRequestSchema.parse(job.request);
  if (request.kind !== "instance.import") return "done";
  const kept = await db.instanceExport.findUnique({ where: { id: request.exportId }, select: { nodeId: true } });
  if (kept?.nodeId === nodeId || (await importsUnderWay(db, request.exportId)).some((other) => other.nodeId === nodeId)) return "done";
  try {
    const { eraseDisks } = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { eraseDisks: true } });
    await (await services.agents.client(nodeId)).removeExport(request.exportId, { erase: eraseDisks, signal });
    return "done";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error) || error.code !== "node_unreachable") throw error;
    return "again";
  }
}
