import { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";
import { subscribe } from "#lib/events/subscribe.ts";
import { defineRoute } from "../define-route.ts";
import { streamEvents } from "../event-stream.ts";
import { noBody, noParams } from "../schemas.ts";

const eventId = z.string().regex(/^\d{1,18}$/, "must be an event's id");

/**
 * What changes, as it changes, as server-sent events. Taken up again after the event that `Last-Event-ID` (or `after`)
 * names; `install` adds the log of one install.
 */
export const streamEventsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/events",
  operation: "event.subscribe",
  params: noParams,
  query: z.strictObject({ after: eventId.optional(), install: z.uuid().optional() }),
  body: noBody,
  status: 200,
  run: async (ctx, { query, headers, signal }) => {
    const last = headers.get("last-event-id");
    if (last !== null && last !== "" && !eventId.safeParse(last).success) {
      throw new SlipwayError("invalid", "last-event-id: must be an event's id", { field: "last-event-id" });
    }
    return streamEvents(ctx, { after: last || query.after, installId: query.install, signal }, subscribe);
  },
});
