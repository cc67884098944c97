import type { PreviousSystem, Queryable } from "#lib/db/client.ts";
import { formatOsType } from "#lib/domain/os-definition.ts";
import type { PreviousSystemView } from "#lib/domain/previous-system-views.ts";

/** What is told of the system that could be brought back; null: there is none, or its time is over. */
export async function previousSystemView(db: Queryable, row: PreviousSystem | null, now: Date): Promise<PreviousSystemView | null> {
  if (row === null || row.until <= now) return null;
  const [definition, install] = await Promise.all([
    row.definitionId === null ? null : db.osDefinition.findUnique({ where: { id: row.definitionId }, select: { name: true } }),
    row.installId === null ? null : db.install.findUnique({ where: { id: row.installId }, select: { endedAt: true } }),
  ]);
  return {
    keptAs: row.keptAs,
    until: row.until.toISOString(),
    osType: definition === null ? null : formatOsType(definition.name, row.variant),
    installedAt: install?.endedAt?.toISOString() ?? null,
  };
}
