import { z } from "zod";
import { deleteOsDefinition } from "#lib/os-definitions/delete-os-definition.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";
import { modifyOsDefinition } from "#lib/os-definitions/modify-os-definition.ts";
import { modifyOsDefinitionInputSchema, setTrustInputSchema } from "#lib/os-definitions/schemas.ts";
import { setTrust } from "#lib/os-definitions/set-trust.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery, pageFields, searchText } from "../schemas.ts";

export const listOsDefinitionsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions",
  operation: "os.list",
  params: noParams,
  query: z.strictObject({ ...pageFields, search: searchText.optional() }),
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

export const modifyOsDefinitionRoute = defineRoute({
  method: "PATCH",
  path: "/api/v1/os-definitions/{name}",
  operation: "os.modify",
  params: nameParams,
  query: noQuery,
  body: modifyOsDefinitionInputSchema,
  status: 200,
  run: (ctx, { params, body }) => modifyOsDefinition(ctx, params.name, body),
});

export const deleteOsDefinitionRoute = defineRoute({
  method: "DELETE",
  path: "/api/v1/os-definitions/{name}",
  operation: "os.delete",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: async (ctx, { params }) => {
    await deleteOsDefinition(ctx, params.name);
    return {};
  },
});

export const setTrustRoute = defineRoute({
  method: "POST",
  path: "/api/v1/os-definitions/{name}/trust",
  operation: "os.trust",
  params: nameParams,
  query: noQuery,
  body: setTrustInputSchema,
  status: 200,
  run: (ctx, { params, body }) => setTrust(ctx, params.name, body),
});
