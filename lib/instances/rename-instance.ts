import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { diskChangeOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import type { RenameInput } from "./change-schemas.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { readInstance } from "./read-instance.ts";
import { reserveName } from "./reserve-name.ts";
import { submitSystemWork } from "./submit-system-work.ts";

/**
 * Gives an instance another name, in its system by the definition's `rename` script, on a copy of its first disk, and here once the script
 * has said that it worked (design: install, "Other operations"). Jobs and audit keep the name that it had then.
 *
 * @throws SlipwayError `unknown_object`, `exists`, `conflict`, `unsupported`, `no_room`, `node_unreachable`
 */
export async function renameInstance(ctx: RequestContext, name: string, { newName }: RenameInput): Promise<{ readonly jobId: number; readonly installId: string | null }> {
  const ops = (instanceId: string | null) => diskChangeOpcodes({ name, instanceId }, { kind: "rename", newName }, { interface: ctx.interface, at: new Date() });
  return orRefusedJob(ctx, { operation: "instance.rename", instanceName: name, ops: ops(null) }, async () => {
    const row = await readInstance(ctx, "instance.rename", name);
    if (newName === row.name) throw new SlipwayError("invalid", `Instance ${row.name} has this name already.`, { field: "newName" });
    return submitSystemWork(ctx, row, {
      operation: "instance.rename",
      request: (installId, before) => ({ kind: "instance.rename", installId, newName, before }),
      ops: ops(row.id),
      auditDetails: { newName },
      write: (tx, jobId) => reserveName(tx, newName, jobId, "newName"),
    });
  });
}
