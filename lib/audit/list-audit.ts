import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";

export interface AuditEntryView {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly interface: string;
  readonly address: string | null;
  readonly requestId: string;
  readonly action: string;
  readonly objectKind: string;
  readonly objectName: string | null;
  readonly outcome: string;
  readonly errorCode: string | null;
  readonly details: unknown;
}

const cursorSchema = z.strictObject({ id: z.string().regex(/^\d{1,19}$/) });

/** The audit log, newest first. For administrators. */
export async function listAudit(ctx: RequestContext, request: PageRequest): Promise<Page<AuditEntryView>> {
  await requireReach(ctx, "audit.read", "audit");
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.auditEntry.findMany({
    where: after === null ? {} : { id: { lt: BigInt(after.id) } },
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  const page = makePage(rows, limit, (row) => ({ id: row.id.toString() }));
  return {
    ...page,
    items: page.items.map((row) => ({
      id: row.id.toString(),
      at: row.at.toISOString(),
      actor: row.actor,
      interface: row.interface,
      address: row.address,
      requestId: row.requestId,
      action: row.action,
      objectKind: row.objectKind,
      objectName: row.objectName,
      outcome: row.outcome,
      errorCode: row.errorCode,
      details: row.details,
    })),
  };
}
