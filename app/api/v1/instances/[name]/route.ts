import { handle } from "#lib/http/route.ts";
import { getInstanceRoute, modifyInstanceRoute, deleteInstanceRoute } from "#lib/http/routes/instances.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getInstanceRoute);
export const PATCH = handle(modifyInstanceRoute);
export const DELETE = handle(deleteInstanceRoute);
