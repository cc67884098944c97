import { handle } from "#lib/http/route.ts";
import { registerFromNodeRoute } from "#lib/http/routes/os-versions.ts";

export const dynamic = "force-dynamic";

export const POST = handle(registerFromNodeRoute);
