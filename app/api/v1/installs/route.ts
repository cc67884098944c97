import { handle } from "#lib/http/route.ts";
import { listInstallsRoute } from "#lib/http/routes/installs.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listInstallsRoute);
