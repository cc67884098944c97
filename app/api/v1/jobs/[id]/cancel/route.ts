import { handle } from "#lib/http/route.ts";
import { cancelJobRoute } from "#lib/http/routes/jobs.ts";

export const dynamic = "force-dynamic";

export const POST = handle(cancelJobRoute);
