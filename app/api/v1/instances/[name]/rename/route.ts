import { handle } from "#lib/http/route.ts";
import { renameInstanceRoute } from "#lib/http/routes/instance-systems.ts";

export const dynamic = "force-dynamic";

export const POST = handle(renameInstanceRoute);
