import { handle } from "#lib/http/route.ts";
import { listAppliancesRoute } from "#lib/http/routes/appliances.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listAppliancesRoute);
