import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery, pageQuery } from "../schemas.ts";

export const listOsDefinitionsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions",
  operation: "os.list",
  params: noParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listOsDefinitions(ctx, query),
});

export const getOsDefinitionRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions/{name}",
  operation: "os.read",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getOsDefinition(ctx, params.name),
});
