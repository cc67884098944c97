import { handle } from "#lib/http/route.ts";
import { deleteExportRoute, getExportRoute } from "#lib/http/routes/exports.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getExportRoute);
export const DELETE = handle(deleteExportRoute);
