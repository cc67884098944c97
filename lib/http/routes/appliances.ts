import { listAppliances } from "#lib/appliances/list-appliances.ts";
import { defineRoute } from "../define-route.ts";
import { noBody, noParams, noQuery } from "../schemas.ts";

export const listAppliancesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/appliances",
  operation: "appliance.list",
  params: noParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: async (ctx) => ({ items: await listAppliances(ctx), nextCursor: null }),
});
