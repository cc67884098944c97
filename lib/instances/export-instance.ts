import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { EXPORTS_PER_INSTANCE } from "#lib/domain/export-views.ts";
import { diskChangeOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { readInstance } from "./read-instance.ts";
import { submitSystemWork } from "./submit-system-work.ts";

export interface AcceptedExport {
  readonly jobId: number;
  /** Null, as the next: the request was refused, and the job says why (RAPI only). */
  readonly installId: string | null;
  readonly exportId: string | null;
}

/**
 * Has the definition's `export` script write each disk to a file of the instance's node (design: install, "Other operations"). Nothing of
 * the instance changes; it is stopped meanwhile, and runs afterwards if it ran before.
 *
 * @throws SlipwayError `unknown_object`, `conflict` also where as many are kept as may be, `unsupported`, `no_room`, `node_unreachable`
 */
export async function exportInstance(ctx: RequestContext, name: string): Promise<AcceptedExport> {
  const reason = { interface: ctx.interface, at: new Date() };
  const refused = { operation: "instance.export", instanceName: name, ops: diskChangeOpcodes({ name, instanceId: null }, { kind: "export", exportId: null, node: null }, reason) } as const;
  const accepted = await orRefusedJob(ctx, refused, async (): Promise<AcceptedExport> => {
    const row = await readInstance(ctx, "instance.export", name);
    const exportId = randomUUID();
    const submitted = await submitSystemWork(ctx, row, {
      operation: "instance.export",
      request: (installId, before) => ({ kind: "instance.export", installId, exportId, before }),
      ops: diskChangeOpcodes({ name: row.name, instanceId: row.id }, { kind: "export", exportId, node: row.node.name }, reason),
      auditDetails: { exportId },
      write: async (tx) => {
        const kept = await tx.instanceExport.count({ where: { ownerId: row.ownerId, manifest: { path: ["instance", "id"], equals: row.id } } });
        if (kept >= EXPORTS_PER_INSTANCE) throw new SlipwayError("conflict", `${kept} exports of instance ${row.name} are kept, which is as many as there may be: delete one first.`, { field: "instance" });
      },
    });
    return { ...submitted, exportId };
  });
  return { exportId: null, ...accepted };
}
