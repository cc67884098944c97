import { handle } from "#lib/http/route.ts";
import { listJobsRoute } from "#lib/http/routes/jobs.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listJobsRoute);
