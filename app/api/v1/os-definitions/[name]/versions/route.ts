import { handle } from "#lib/http/route.ts";
import { listVersionsRoute, uploadOsDefinitionRoute } from "#lib/http/routes/os-versions.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listVersionsRoute);
export const POST = handle(uploadOsDefinitionRoute);
