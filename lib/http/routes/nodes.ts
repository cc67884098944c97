import { z } from "zod";
import { addNode, addNodeInputSchema } from "#lib/nodes/add-node.ts";
import { enrolNode } from "#lib/nodes/enrol-node.ts";
import { getNode } from "#lib/nodes/get-node.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";
import { defineOpenRoute, defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery, pageQuery } from "../schemas.ts";

export const listNodesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/nodes",
  operation: "node.list",
  params: noParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listNodes(ctx, query),
});

/** Answers with the one-time token with which the node's agent enrols. It is shown this once. */
export const addNodeRoute = defineRoute({
  method: "POST",
  path: "/api/v1/nodes",
  operation: "node.add",
  params: noParams,
  query: noQuery,
  body: addNodeInputSchema,
  status: 201,
  run: (ctx, { body }) => addNode(ctx, body),
});

export const getNodeRoute = defineRoute({
  method: "GET",
  path: "/api/v1/nodes/{name}",
  operation: "node.read",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getNode(ctx, params.name),
});

/** An agent's first call: a one-time token and a certificate request for a certificate. The token is the credential. */
export const enrolNodeRoute = defineOpenRoute({
  method: "POST",
  path: "/api/v1/enrolments",
  params: noParams,
  query: noQuery,
  body: z.strictObject({
    token: z.string().min(16).max(256),
    csr: z.string().min(64).max(16_384),
    /** Where controllers dial the agent. */
    address: z.url({ protocol: /^https$/ }).max(300),
  }),
  status: 201,
  run: (open, { body }) => enrolNode(open.services, { ...body, clientAddress: open.address, requestId: open.requestId }),
});
