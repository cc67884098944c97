import { handle } from "#lib/http/route.ts";
import { getClusterDefaultsRoute, setClusterDefaultsRoute } from "#lib/http/routes/parameter-defaults.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getClusterDefaultsRoute);
export const PATCH = handle(setClusterDefaultsRoute);
