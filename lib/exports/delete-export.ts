import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { importsUnderWay } from "./imports-under-way.ts";
import { readExport } from "./get-export.ts";

/**
 * Removes an export: its files from the node that keeps them, then what is known of it. Ended in between, it is there still and can be
 * removed again.
 *
 * @throws SlipwayError `unknown_object`, `conflict` while it is being imported, `node_unreachable`
 */
export async function deleteExport(ctx: RequestContext, id: string): Promise<void> {
  const { db, agents } = ctx.services;
  const row = await readExport(ctx, "export.delete", id);
  const [job] = await importsUnderWay(db, id);
  if (job !== undefined) throw new SlipwayError("conflict", `Job ${job.id} is importing it.`, { field: "export" });
  const { eraseDisks } = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { eraseDisks: true } });
  await (await agents.client(row.nodeId)).removeExport(id, { erase: eraseDisks });
  await db.$transaction(async (tx) => {
    await tx.instanceExport.deleteMany({ where: { id } });
    await appendAudit(tx, ctx, { action: "export.delete", object: { kind: "export", name: id }, outcome: "done", details: { instance: row.instanceName, node: row.node.name } });
  });
}
