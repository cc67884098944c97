import type { JobQueue } from "#lib/context/context.ts";
import { addTask, ownTask, TASKS } from "./add-task.ts";

/** The queue of a controller process. A job with secrets goes to this process, every other one to whichever is free. */
export function createJobQueue(controllerId: string): JobQueue {
  return {
    enqueue: (tx, job) => addTask(tx, { task: job.secretNames.length > 0 ? ownTask(controllerId) : TASKS.run, jobId: job.id }),
  };
}
