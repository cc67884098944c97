import { getClusterDefaults } from "#lib/parameter-defaults/get-cluster-defaults.ts";
import { getDefinitionDefaults } from "#lib/parameter-defaults/get-definition-defaults.ts";
import { clusterDefaultsInputSchema, definitionDefaultsInputSchema } from "#lib/parameter-defaults/schemas.ts";
import { setClusterDefaults } from "#lib/parameter-defaults/set-cluster-defaults.ts";
import { setDefinitionDefaults } from "#lib/parameter-defaults/set-definition-defaults.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery } from "../schemas.ts";

export const getClusterDefaultsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/cluster/parameters",
  operation: "cluster.read",
  params: noParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx) => getClusterDefaults(ctx),
});

export const setClusterDefaultsRoute = defineRoute({
  method: "PATCH",
  path: "/api/v1/cluster/parameters",
  operation: "cluster.modify",
  params: noParams,
  query: noQuery,
  body: clusterDefaultsInputSchema,
  status: 200,
  run: (ctx, { body }) => setClusterDefaults(ctx, body),
});

export const getDefinitionDefaultsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions/{name}/parameters",
  operation: "os.read",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getDefinitionDefaults(ctx, params.name),
});

export const setDefinitionDefaultsRoute = defineRoute({
  method: "PATCH",
  path: "/api/v1/os-definitions/{name}/parameters",
  operation: "os.modify",
  params: nameParams,
  query: noQuery,
  body: definitionDefaultsInputSchema,
  status: 200,
  run: (ctx, { params, body }) => setDefinitionDefaults(ctx, params.name, body),
});
