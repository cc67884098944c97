/** Rows of instances with what belongs to them, and what is told of them. */
import type { Prisma } from "#lib/db/client.ts";
import { instanceStatus } from "#lib/domain/instance-status.ts";
import type { ActionFacts, InstanceFacts } from "#lib/domain/instance-status.ts";
import type { InstanceSummary } from "#lib/domain/instance.ts";
import { formatOsType } from "#lib/domain/os-definition.ts";

/** What a line of the list needs. Read with one statement a relation, whatever the number of rows. */
export const SUMMARY = {
  node: { select: { id: true, name: true, state: true, stateReason: true, offline: true } },
  owner: { select: { name: true } },
  definition: { select: { id: true, name: true } },
  disks: { select: { id: true, index: true, sizeMib: true, name: true }, orderBy: { index: "asc" } },
  currentInstall: { select: { id: true, jobId: true, state: true, percent: true, step: true } },
} as const satisfies Prisma.InstanceInclude;

export type SummaryRow = Prisma.InstanceGetPayload<{ include: typeof SUMMARY }>;

export function instanceFacts(row: Pick<SummaryRow, "installState" | "adminState" | "operState" | "node">): InstanceFacts {
  return { installState: row.installState, adminState: row.adminState, operState: row.operState, node: row.node };
}

/** @param now what is past its time is gone from the node, though its row may still be there. */
export function actionFacts(row: SummaryRow & { readonly previous: { readonly until: Date } | null }, now: Date): ActionFacts {
  return { ...instanceFacts(row), hasDefinition: row.definition !== null, hasPrevious: row.previous !== null && row.previous.until > now, rescue: row.rescue };
}

export function osTypeOf(row: Pick<SummaryRow, "definition" | "variant">): string | null {
  return row.definition === null ? null : formatOsType(row.definition.name, row.variant);
}

export function instanceSummary(row: SummaryRow): InstanceSummary {
  const { currentInstall } = row;
  return {
    id: row.id,
    name: row.name,
    status: instanceStatus(instanceFacts(row)),
    adminState: row.adminState,
    operState: row.operState,
    osType: osTypeOf(row),
    node: row.node.name,
    owner: row.owner?.name ?? null,
    vcpus: row.vcpus,
    memoryMib: row.memoryMib,
    diskMib: row.disks.reduce((sum, disk) => sum + disk.sizeMib, 0),
    tags: row.tags,
    install: currentInstall === null ? null : { id: currentInstall.id, jobId: currentInstall.jobId, state: currentInstall.state, percent: currentInstall.percent, step: currentInstall.step },
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
