import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { chooseNode, findNode } from "./choose-node.ts";
import { NEW_INSTANCE } from "./create-instance.ts";
import { findDefinition } from "./find-definition.ts";
import { previewInstall } from "./preview-install.ts";
import { requestSource } from "./request-source.ts";
import type { PreviewCreateInput } from "./schemas.ts";

/** Where nothing is said: enough for most definitions, and never less than this one's own minimum. */
const DEFAULTS = { diskMib: 2_048, memoryMib: 512 } as const;

/** What a creation would do, and what it asks for. For whoever may create instances. */
export async function previewCreate(ctx: RequestContext, input: PreviewCreateInput): Promise<InstallPreview> {
  await requireAccess(ctx, "instance.create", { kind: "instance", name: null, ownerId: null });
  const { db } = ctx.services;
  const definition = input.osType === null ? null : await findDefinition(ctx, input.osType);
  const { minimumDiskMib, minimumMemoryMib } = definition?.planned.manifest ?? { minimumDiskMib: 0, minimumMemoryMib: 0 };
  const need = { diskMib: input.diskMib ?? Math.max(DEFAULTS.diskMib, minimumDiskMib), memoryMib: input.memoryMib ?? Math.max(DEFAULTS.memoryMib, minimumMemoryMib) };
  const node = input.node === undefined ? await chooseNode(db, need) : await findNode(db, input.node);
  const { source, credentials } = requestSource({}, input, definition);
  const facts = { ...NEW_INSTANCE, definition, source, node, disks: [{ index: 0, sizeMib: need.diskMib }], memoryMib: need.memoryMib, memoryNeedMib: need.memoryMib, start: true, safeInstall: input.safeInstall ?? null };
  return previewInstall(ctx, facts, { instance: null, kept: [], credentials, probe: input.probe ?? true });
}
