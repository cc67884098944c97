import { handle } from "#lib/http/route.ts";
import { listInstancesRoute, createInstanceRoute } from "#lib/http/routes/instances.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listInstancesRoute);
export const POST = handle(createInstanceRoute);
