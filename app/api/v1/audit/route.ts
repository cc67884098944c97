import { handle } from "#lib/http/route.ts";
import { listAuditRoute } from "#lib/http/routes/audit.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listAuditRoute);
