import { hostname } from "node:os";
import type { Database } from "#lib/db/client.ts";

/** A controller that hasn't said for so long that it is there counts as gone: its nodes and jobs are taken over. */
export const CONTROLLER_LEASE_SECONDS = 15;
export const CONTROLLER_HEARTBEAT_MILLISECONDS = 5_000;

/** Enters this process among the controllers. Times are the database's own, so that clocks needn't agree. */
export async function registerController(db: Database, controllerId: string, roles: readonly string[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO controller (id, hostname, pid, roles, lease_until)
    VALUES (${controllerId}::uuid, ${hostname()}, ${process.pid}::int, ${[...roles]}::text[], now() + make_interval(secs => ${CONTROLLER_LEASE_SECONDS}::int))`;
}

/** Says that this process is there. False: another one took it for gone, and it must end. */
export async function renewControllerLease(db: Database, controllerId: string): Promise<boolean> {
  const changed = await db.$executeRaw`
    UPDATE controller SET lease_until = now() + make_interval(secs => ${CONTROLLER_LEASE_SECONDS}::int) WHERE id = ${controllerId}::uuid`;
  return changed === 1;
}

/** Controllers whose lease has run out, a few at a time. */
export async function findLostControllers(db: Database): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`SELECT id::text AS id FROM controller WHERE lease_until < now() ORDER BY lease_until LIMIT 16`;
  return rows.map(({ id }) => id);
}

/** Takes a lost controller's row away, and with it its hold on nodes, unless it has come back. */
export async function removeLostController(db: Database, controllerId: string): Promise<void> {
  await db.$executeRaw`DELETE FROM controller WHERE id = ${controllerId}::uuid AND lease_until < now()`;
}

/** Leaves in good order: nodes are free at once. */
export async function removeController(db: Database, controllerId: string): Promise<void> {
  await db.$executeRaw`DELETE FROM controller WHERE id = ${controllerId}::uuid`;
}
