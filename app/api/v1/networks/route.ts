import { handle } from "#lib/http/route.ts";
import { listNetworksRoute, createNetworkRoute } from "#lib/http/routes/networks.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listNetworksRoute);
export const POST = handle(createNetworkRoute);
