import { handle } from "#lib/http/route.ts";
import { getNodeRoute } from "#lib/http/routes/nodes.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getNodeRoute);
