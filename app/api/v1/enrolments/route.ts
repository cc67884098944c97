import { handle } from "#lib/http/route.ts";
import { enrolNodeRoute } from "#lib/http/routes/nodes.ts";

export const dynamic = "force-dynamic";

export const POST = handle(enrolNodeRoute);
