import type { Services } from "#lib/context/context.ts";
import { takeOverJobs } from "#lib/jobs/take-over-jobs.ts";
import {
  CONTROLLER_HEARTBEAT_MILLISECONDS,
  findLostControllers,
  registerController,
  removeController,
  removeLostController,
  renewControllerLease,
} from "./controller-lease.ts";

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

  /** Two things with a pace of their own: taking over from others must never keep this process from saying that it is there. */
  const say = atMostOne(async () => {
    if (!(await renewControllerLease(db, controllerId))) onLost();
  });
  const takeOver = atMostOne(async () => {
    for (const lost of await findLostControllers(db)) {
      if (lost === controllerId) continue; // it was late, and says so itself
      log.warn({ lost }, "a controller is gone, its jobs and nodes are taken over");
      // Jobs first: if this process goes as well, the row is still there for the next one to find.
      await takeOverJobs(services, lost);
      await removeLostController(db, lost);
    }
  });

  function atMostOne(work: () => Promise<void>): { run(): void; ended(): Promise<void> } {
    let running: Promise<void> | null = null;
    return {
      run: () => {
        running ??= work()
          .catch((error: unknown) => log.error({ error }, "the heartbeat failed"))
          .finally(() => {
            running = null;
          });
      },
      ended: async () => {
        await running;
      },
    };
  }

  const beat = (): void => {
    say.run();
    takeOver.run();
  };
  const timer = setInterval(beat, CONTROLLER_HEARTBEAT_MILLISECONDS);
  beat();
  return {
    async leave() {
      clearInterval(timer);
      await Promise.all([say.ended(), takeOver.ended()]);
      await takeOverJobs(services, controllerId);
      await removeController(db, controllerId);
    },
  };
}
