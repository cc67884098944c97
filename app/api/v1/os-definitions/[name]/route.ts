import { handle } from "#lib/http/route.ts";
import { deleteOsDefinitionRoute, getOsDefinitionRoute, modifyOsDefinitionRoute } from "#lib/http/routes/os-definitions.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getOsDefinitionRoute);
export const PATCH = handle(modifyOsDefinitionRoute);
export const DELETE = handle(deleteOsDefinitionRoute);
