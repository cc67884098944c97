import { handle } from "#lib/http/route.ts";
import { getNetworkRoute, modifyNetworkRoute, deleteNetworkRoute } from "#lib/http/routes/networks.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getNetworkRoute);
export const PATCH = handle(modifyNetworkRoute);
export const DELETE = handle(deleteNetworkRoute);
