import { getCluster } from "#lib/cluster/get-cluster.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import { modifyClusterInputSchema } from "#lib/cluster/schemas.ts";
import { defineRoute } from "../define-route.ts";
import { noBody, noParams, noQuery } from "../schemas.ts";

export const getClusterRoute = defineRoute({
  method: "GET",
  path: "/api/v1/cluster",
  operation: "cluster.read",
  params: noParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx) => getCluster(ctx),
});

export const modifyClusterRoute = defineRoute({
  method: "PATCH",
  path: "/api/v1/cluster",
  operation: "cluster.modify",
  params: noParams,
  query: noQuery,
  body: modifyClusterInputSchema,
  status: 200,
  run: (ctx, { body }) => modifyCluster(ctx, body),
});
