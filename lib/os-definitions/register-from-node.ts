import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { findNode } from "#lib/instances/choose-node.ts";
import { findCarriedImage } from "./carried-image.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readDefinitionArchive } from "./read-definition-archive.ts";
import { requireDefinitionName } from "./require-upload.ts";
import { storeVersion } from "./store-version.ts";

export interface RegisterFromNodeInput {
  readonly name: string;
  /** The node's name. */
  readonly node: string;
}

/**
 * Takes an OS definition in from a folder on a node, as Ganeti has them: its agent packs the folder, and it is read as an upload
 * is. For administrators.
 *
 * @throws SlipwayError `unknown_object` (node), `node_unreachable`, `node_refused`, and as an upload
 */
export async function registerFromNode(ctx: RequestContext, { name, node }: RegisterFromNodeInput, signal?: AbortSignal): Promise<OsDefinitionDetail> {
  await requireAccess(ctx, "os.register", { kind: "os", name, ownerId: null });
  requireDefinitionName(name);
  const { id } = await findNode(ctx.services.db, node);
  const agent = await ctx.services.agents.client(id);
  const parsed = await readDefinitionArchive(await agent.fetchOsDefinition(name, signal), signal);
  const image = await findCarriedImage(ctx, parsed.manifest);
  await storeVersion(ctx, { name, parsed, image, operation: "os.register", source: `node ${node}` });
  return getOsDefinition(ctx, name);
}
