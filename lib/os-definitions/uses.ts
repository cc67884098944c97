import type { Queryable } from "#lib/db/client.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";

/** Whether an instance has a definition, or is just being installed with it. */
export async function isDefinitionUsed(db: Queryable, definitionId: string): Promise<boolean> {
  if ((await db.instance.findFirst({ where: { definitionId }, select: { id: true } })) !== null) return true;
  const install = await db.install.findFirst({ where: { definitionVersion: { definitionId }, state: { in: [...ACTIVE_STATES] } }, select: { id: true } });
  return install !== null;
}
