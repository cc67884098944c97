import { handle } from "#lib/http/route.ts";
import { getClusterRoute, modifyClusterRoute } from "#lib/http/routes/cluster.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getClusterRoute);
export const PATCH = handle(modifyClusterRoute);
