import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { DefaultsView } from "#lib/domain/os-definition-views.ts";
import { defaultsView } from "./stored-defaults.ts";

/** What every install gets that declares it and isn't told otherwise. */
export async function getClusterDefaults(ctx: RequestContext): Promise<DefaultsView> {
  await requireAccess(ctx, "cluster.read", { kind: "cluster", name: null, ownerId: null });
  const rows = await ctx.services.db.parameterDefault.findMany({ where: { definitionId: null } });
  return defaultsView(ctx.services.keyring, { definitionId: null, variant: null }, rows, []);
}
