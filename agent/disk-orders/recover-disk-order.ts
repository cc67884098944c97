import type { DiskResult } from "#lib/agent-protocol/messages.ts";
import type { DiskOrderRun } from "./disk-order-context.ts";
import { finishRestore, undoRestore } from "./restore-snapshot.ts";
import { finishRollback, isRolledBack, undoRollback } from "./roll-back-system.ts";
import { deleteSnapshot, foundSnapshot, undoSnapshot } from "./snapshot-disks.ts";

/**
 * Finishes or undoes an order that has stopped half-way, after a restart of the agent as after a failure: finished from its commit
 * point on, undone before. Can be repeated. Null: it was undone, and nothing of it is left.
 */
export async function recoverDiskOrder(run: DiskOrderRun): Promise<DiskResult | null> {
  const { phase, work } = run.record;
  switch (work.action) {
    case "rollback":
      if (phase !== "open" && isRolledBack(run, work)) return finishRollback(run, work);
      await undoRollback(run, work);
      return null;
    case "snapshot": {
      const found = await foundSnapshot(run, work);
      if (found === null) await undoSnapshot(run, work);
      return found;
    }
    case "restore-snapshot":
      if (phase !== "open") return finishRestore(run, work);
      await undoRestore(run, work);
      return null;
    case "delete-snapshot":
      return deleteSnapshot(run, work);
  }
}
