import { handle } from "#lib/http/route.ts";
import { listExportsRoute } from "#lib/http/routes/exports.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listExportsRoute);
