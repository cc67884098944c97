import {
  CONTROLLER_HEARTBEAT_MILLISECONDS,
  findLostControllers,
  registerController,
  removeController,
  removeLostController,
  renewControllerLease,
} from "#lib/agents/controller-lease.ts";
import type { Services } from "#lib/context/context.ts";
import { takeOverJobs } from "#lib/jobs/take-over-jobs.ts";

export interface Heartbeat {
  /** Gives jobs and nodes to others and leaves. */
  leave(): Promise<void>;
}

/**
 * Says every few seconds that this controller is there, and takes over from those that no longer say so.
 *
 * @param onLost called when another controller took this one for gone: its jobs have been failed or taken over, so it must end.
 */
export async function startHeartbeat(services: Services, onLost: () => void): Promise<Heartbeat> {
  const { db, controllerId, log, config } = services;
  await registerController(db, controllerId, config.roles);
  let beating: Promise<void> | null = null;

  async function beat(): Promise<void> {
    if (!(await renewControllerLease(db, controllerId))) {
      onLost();
      return;
    }
    for (const lost of await findLostControllers(db)) {
      log.warn({ lost }, "a controller is gone, its jobs and nodes are taken over");
      // Jobs first: if this process goes as well, the row is still there for the next one to find.
      await takeOverJobs(services, lost);
      await removeLostController(db, lost);
    }
  }

  const run = (): void => {
    beating ??= beat()
      .catch((error: unknown) => log.error({ error }, "the heartbeat failed"))
      .finally(() => {
        beating = null;
      });
  };
  const timer = setInterval(run, CONTROLLER_HEARTBEAT_MILLISECONDS);
  run();
  return {
    async leave() {
      clearInterval(timer);
      await beating;
      await takeOverJobs(services, controllerId);
      await removeController(db, controllerId);
    },
  };
}
