import { handle } from "#lib/http/route.ts";
import { getDefinitionDefaultsRoute, setDefinitionDefaultsRoute } from "#lib/http/routes/parameter-defaults.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getDefinitionDefaultsRoute);
export const PATCH = handle(setDefinitionDefaultsRoute);
