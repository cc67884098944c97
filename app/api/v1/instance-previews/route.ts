import { handle } from "#lib/http/route.ts";
import { previewCreateRoute } from "#lib/http/routes/instances.ts";

export const dynamic = "force-dynamic";

export const POST = handle(previewCreateRoute);
