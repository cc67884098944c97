import { handle } from "#lib/http/route.ts";
import { getOsDefinitionRoute } from "#lib/http/routes/os-definitions.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getOsDefinitionRoute);
