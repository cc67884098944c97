import { z } from "zod";
import { listChannelLines } from "#lib/channel/list-channel-lines.ts";
import { sendToGuestInputSchema } from "#lib/channel/schemas.ts";
import { sendToGuest } from "#lib/channel/send-to-guest.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noQuery, wholeNumber } from "../schemas.ts";

export const listChannelLinesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/instances/{name}/channel",
  operation: "instance.channel",
  params: nameParams,
  query: z.strictObject({ before: z.string().regex(/^\d{1,18}$/, "must be a line's id").optional(), limit: wholeNumber(1, 500).default(100) }),
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => listChannelLines(ctx, params.name, query),
});

export const sendToGuestRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/channel",
  operation: "instance.channel",
  params: nameParams,
  query: noQuery,
  body: sendToGuestInputSchema,
  status: 202,
  run: (ctx, { params, body }) => sendToGuest(ctx, params.name, body),
});
