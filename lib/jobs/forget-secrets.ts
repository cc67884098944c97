import type { Services } from "#lib/context/context.ts";

const ENDED = new Set(["success", "error", "canceled"]);

/**
 * Drops a job's secrets from this process's memory when the job ends, whichever controller ended it (design: visibility,
 * "until the job ends, then dropped"). Returns how to stop listening.
 */
export function forgetSecretsOfEndedJobs(services: Services): () => void {
  const stopEvents = services.feed.onEvent(({ payload }) => {
    if (payload.type === "job.changed" && ENDED.has(payload.status)) services.vault.drop(payload.jobId);
  });
  // Word of an end may have been lost with the connection.
  const stopReconnect = services.notifications.onReconnect(() => {
    forgetEnded(services).catch((error: unknown) => services.log.error({ error }, "secrets of ended jobs could not be looked for"));
  });
  return () => {
    stopEvents();
    stopReconnect();
  };
}

/** Drops the secrets of jobs that have ended by the table. */
export async function forgetEnded(services: Services): Promise<void> {
  const held = [...services.vault.jobIds()];
  if (held.length === 0) return;
  const running = await services.db.job.findMany({ where: { id: { in: held }, status: { in: ["queued", "running", "canceling"] } }, select: { id: true } });
  const alive = new Set(running.map((job) => job.id));
  const known = await services.db.job.findMany({ where: { id: { in: held } }, select: { id: true } });
  // One that isn't there yet is being accepted at this moment.
  for (const { id } of known) if (!alive.has(id)) services.vault.drop(id);
}
