import { handle } from "#lib/http/route.ts";
import { readFileRoute } from "#lib/http/routes/os-versions.ts";

export const dynamic = "force-dynamic";

export const GET = handle(readFileRoute);
