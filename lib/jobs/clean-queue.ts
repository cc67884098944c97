import { makeWorkerUtils } from "graphile-worker";
import type pg from "pg";
import type { Services } from "#lib/context/context.ts";
import { ownTask, TASKS } from "./add-task.ts";

/** Clears the queue's own tables of tasks that were given up and of names that only controllers of the past had. */
export async function cleanQueue(services: Services, pool: pg.Pool): Promise<void> {
  const living = await services.db.controller.findMany({ select: { id: true } });
  const utils = await makeWorkerUtils({ pgPool: pool });
  try {
    await utils.cleanup({
      tasks: ["DELETE_PERMAFAILED_JOBS", "GC_TASK_IDENTIFIERS"],
      taskIdentifiersToKeep: [...Object.values(TASKS), ownTask(services.controllerId), ...living.map(({ id }) => ownTask(id))],
    });
  } finally {
    await utils.release();
  }
}
