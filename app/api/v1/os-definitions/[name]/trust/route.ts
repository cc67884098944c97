import { handle } from "#lib/http/route.ts";
import { setTrustRoute } from "#lib/http/routes/os-definitions.ts";

export const dynamic = "force-dynamic";

export const POST = handle(setTrustRoute);
