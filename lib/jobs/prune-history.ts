/**
 * Nothing grows without bound. An install's log is capped where it is made (lib/domain/guest-lines.ts) and here goes when
 * its install is old; the feed goes after a day (lib/events/prune-events.ts); jobs and installs go after half a year, the
 * one that an instance shows as its last excepted, and what is known of a replaced system goes when its disks have. Receipts, like the
 * audit log, stay.
 */
import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { pruneEvents } from "#lib/events/prune-events.ts";

export const RETENTION = { installLogDays: 30, jobDays: 180 } as const;
const BATCH = 2_000;

/** Deletes what is past its time, in batches so that nothing is held up. Run by the worker every hour. */
export async function pruneHistory(services: Services, signal: AbortSignal): Promise<void> {
  const { db } = services;
  await pruneEvents(db, signal);
  // The node has removed the disks by itself. A rollback that is under way still needs the row.
  await db.$executeRaw(Prisma.sql`
    DELETE FROM previous_system p USING instance n WHERE n.id = p.instance_id AND p.until < now() AND n.locked_by_job_id IS NULL`);
  await inBatches(signal, () => db.$executeRaw(Prisma.sql`
    DELETE FROM install_event WHERE (install_id, seq) IN (
      SELECT e.install_id, e.seq FROM install i JOIN install_event e ON e.install_id = i.id
      WHERE i.ended_at < now() - make_interval(days => ${RETENTION.installLogDays}::int)
        AND NOT EXISTS (SELECT FROM instance n WHERE n.current_install_id = i.id)
      LIMIT ${BATCH})`));
  await inBatches(signal, () => db.$executeRaw(Prisma.sql`
    DELETE FROM install WHERE id IN (
      SELECT i.id FROM install i
      WHERE i.ended_at < now() - make_interval(days => ${RETENTION.jobDays}::int)
        AND NOT EXISTS (SELECT FROM instance n WHERE n.current_install_id = i.id)
        AND NOT EXISTS (SELECT FROM install_event e WHERE e.install_id = i.id)
      LIMIT ${BATCH})`));
  await inBatches(signal, () => db.$executeRaw(Prisma.sql`
    DELETE FROM job WHERE id IN (
      SELECT j.id FROM job j
      WHERE j.status IN ('success', 'error', 'canceled') AND j.ended_at < now() - make_interval(days => ${RETENTION.jobDays}::int)
        AND NOT EXISTS (SELECT FROM install i WHERE i.job_id = j.id)
      LIMIT ${BATCH})`));
}

async function inBatches(signal: AbortSignal, remove: () => Promise<number>): Promise<void> {
  while (!signal.aborted && (await remove()) === BATCH);
}
