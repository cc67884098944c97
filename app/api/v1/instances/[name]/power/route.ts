import { handle } from "#lib/http/route.ts";
import { setInstancePowerRoute } from "#lib/http/routes/instances.ts";

export const dynamic = "force-dynamic";

export const POST = handle(setInstancePowerRoute);
