import { listAudit } from "#lib/audit/list-audit.ts";
import { defineRoute } from "../define-route.ts";
import { noBody, noParams, pageQuery } from "../schemas.ts";

export const listAuditRoute = defineRoute({
  method: "GET",
  path: "/api/v1/audit",
  operation: "audit.read",
  params: noParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listAudit(ctx, query),
});
