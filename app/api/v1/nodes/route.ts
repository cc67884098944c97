import { handle } from "#lib/http/route.ts";
import { listNodesRoute, addNodeRoute } from "#lib/http/routes/nodes.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listNodesRoute);
export const POST = handle(addNodeRoute);
