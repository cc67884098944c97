import type { RequestContext } from "#lib/context/context.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { networkView } from "./network-view.ts";
import { readNetwork } from "./read-network.ts";

/** @throws SlipwayError `unknown_object`, `not_allowed` */
export async function getNetwork(ctx: RequestContext, name: string): Promise<NetworkView> {
  return networkView(ctx.services.db, await readNetwork(ctx, "network.read", name));
}
