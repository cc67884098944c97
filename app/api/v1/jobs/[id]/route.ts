import { handle } from "#lib/http/route.ts";
import { getJobRoute } from "#lib/http/routes/jobs.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getJobRoute);
