import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import type { InstallSummary } from "#lib/domain/views.ts";
import { expectedSeconds } from "./expected-seconds.ts";
import { INSTALL_VIEW, installSummary } from "./install-view.ts";

export interface ListInstallsRequest extends PageRequest {
  readonly instanceName?: string | undefined;
  /** Those that run, or those that have ended. */
  readonly active?: boolean | undefined;
}

const cursorSchema = z.strictObject({ at: z.iso.datetime(), id: z.uuid() });

/** Installs, newest first; for owners those of their instances. */
export async function listInstalls(ctx: RequestContext, request: ListInstallsRequest): Promise<Page<InstallSummary>> {
  const owner = await requireReach(ctx, "install.read", "install");
  const { limit, after } = pageStart(request, cursorSchema);
  const at = after === null ? null : new Date(after.at);
  const instance = { ...owner, ...(request.instanceName === undefined ? {} : { name: request.instanceName }) };
  const rows = await ctx.services.db.install.findMany({
    where: {
      AND: [
        Object.keys(instance).length === 0 ? {} : { instance },
        request.active === undefined ? {} : { state: { [request.active ? "in" : "notIn"]: [...ACTIVE_STATES] } },
        after === null || at === null ? {} : { acceptedAt: { lte: at }, OR: [{ acceptedAt: { lt: at } }, { acceptedAt: at, id: { lt: after.id } }] },
      ],
    },
    orderBy: [{ acceptedAt: "desc" }, { id: "desc" }],
    take: limit + 1,
    include: INSTALL_VIEW,
  });
  const page = makePage(rows, limit, (row) => ({ at: row.acceptedAt.toISOString(), id: row.id }));
  const expected = await expectedSeconds(ctx.services.db, page.items.map((row) => row.definitionVersionId));
  return { ...page, items: page.items.map((row) => installSummary(row, expected.get(row.definitionVersionId ?? "") ?? null)) };
}
