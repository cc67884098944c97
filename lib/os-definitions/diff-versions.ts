import type { RequestContext } from "#lib/context/context.ts";
import type { VersionDiff } from "#lib/domain/os-definition-views.ts";
import { compareVersions, loadCompared } from "./compare-versions.ts";
import { inComparisonTurn } from "./comparison-gate.ts";
import { noVersion } from "./get-version.ts";
import { requireDefinition } from "./require-definition.ts";

/** What is different between two versions of a definition. @throws SlipwayError `unknown_object`, field `from` or `to`; `too_many_requests` */
export async function diffVersions(ctx: RequestContext, name: string, { from, to }: { readonly from: number; readonly to: number }): Promise<VersionDiff> {
  const { db } = ctx.services;
  const { id } = await requireDefinition(ctx, "os.read", name);
  return inComparisonTurn(ctx, async () => {
    const before = await loadCompared(db, id, from);
    if (before === null) throw noVersion(name, from, "from");
    const after = await loadCompared(db, id, to);
    if (after === null) throw noVersion(name, to, "to");
    return compareVersions(db, before, after);
  });
}
