import { handle } from "#lib/http/route.ts";
import { streamEventsRoute } from "#lib/http/routes/events.ts";

export const dynamic = "force-dynamic";

export const GET = handle(streamEventsRoute);
