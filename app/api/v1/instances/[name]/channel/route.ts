import { handle } from "#lib/http/route.ts";
import { listChannelLinesRoute, sendToGuestRoute } from "#lib/http/routes/channel.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listChannelLinesRoute);
export const POST = handle(sendToGuestRoute);
