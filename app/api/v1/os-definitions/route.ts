import { handle } from "#lib/http/route.ts";
import { listOsDefinitionsRoute } from "#lib/http/routes/os-definitions.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listOsDefinitionsRoute);
