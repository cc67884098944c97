import { cache } from "react";
import { currentContext } from "#components/page/context.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { getNetwork } from "#lib/networks/get-network.ts";

/** The network of an address, read once a request. */
export const loadNetwork = cache(async (part: string): Promise<NetworkView> => getNetwork(await currentContext(), decodeURIComponent(part)));
