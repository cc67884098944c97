import type { RequestContext } from "#lib/context/context.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { previewInstall } from "./preview-install.ts";
import { readInstance } from "./read-instance.ts";
import { reinstallFacts } from "./reinstall-instance.ts";
import type { PreviewReinstallInput } from "./schemas.ts";

/** What a reinstall would do, which secrets it needs again, and whether it can begin. For whoever may reinstall. */
export async function previewReinstall(ctx: RequestContext, name: string, input: PreviewReinstallInput): Promise<InstallPreview> {
  const row = await readInstance(ctx, "instance.reinstall", name);
  const { facts, requested, kept } = await reinstallFacts(ctx, row, input);
  return previewInstall(ctx, facts, { instance: row, kept, credentials: requested.credentials, probe: input.probe ?? true });
}
