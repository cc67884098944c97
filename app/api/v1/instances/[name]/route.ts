import { handle } from "#lib/http/route.ts";
import { getInstanceRoute, deleteInstanceRoute } from "#lib/http/routes/instances.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getInstanceRoute);
export const DELETE = handle(deleteInstanceRoute);
