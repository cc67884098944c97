import { handle } from "#lib/http/route.ts";
import { reserveAddressesRoute, releaseAddressesRoute } from "#lib/http/routes/networks.ts";

export const dynamic = "force-dynamic";

export const POST = handle(reserveAddressesRoute);
export const DELETE = handle(releaseAddressesRoute);
