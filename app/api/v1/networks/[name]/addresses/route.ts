import { handle } from "#lib/http/route.ts";
import { listAddressesRoute } from "#lib/http/routes/networks.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listAddressesRoute);
