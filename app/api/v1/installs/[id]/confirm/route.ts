import { handle } from "#lib/http/route.ts";
import { confirmInstallRoute } from "#lib/http/routes/installs.ts";

export const dynamic = "force-dynamic";

export const POST = handle(confirmInstallRoute);
