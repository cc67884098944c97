import { z } from "zod";
import { createNetwork } from "#lib/networks/create-network.ts";
import { deleteNetwork } from "#lib/networks/delete-network.ts";
import { getNetwork } from "#lib/networks/get-network.ts";
import { listAddresses } from "#lib/networks/list-addresses.ts";
import { listNetworks } from "#lib/networks/list-networks.ts";
import { modifyNetwork } from "#lib/networks/modify-network.ts";
import { releaseAddresses } from "#lib/networks/release-addresses.ts";
import { reserveAddresses } from "#lib/networks/reserve-addresses.ts";
import { ADDRESS_HOLDERS, createNetworkInputSchema, modifyNetworkInputSchema, releaseAddressesInputSchema, reserveAddressesInputSchema } from "#lib/networks/schemas.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery, pageFields, pageQuery } from "../schemas.ts";

export const listNetworksRoute = defineRoute({
  method: "GET",
  path: "/api/v1/networks",
  operation: "network.list",
  params: noParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listNetworks(ctx, query),
});

export const createNetworkRoute = defineRoute({
  method: "POST",
  path: "/api/v1/networks",
  operation: "network.modify",
  params: noParams,
  query: noQuery,
  body: createNetworkInputSchema,
  status: 201,
  run: (ctx, { body }) => createNetwork(ctx, body),
});

export const getNetworkRoute = defineRoute({
  method: "GET",
  path: "/api/v1/networks/{name}",
  operation: "network.read",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getNetwork(ctx, params.name),
});

export const modifyNetworkRoute = defineRoute({
  method: "PATCH",
  path: "/api/v1/networks/{name}",
  operation: "network.modify",
  params: nameParams,
  query: noQuery,
  body: modifyNetworkInputSchema,
  status: 200,
  run: (ctx, { params, body }) => modifyNetwork(ctx, params.name, body),
});

export const deleteNetworkRoute = defineRoute({
  method: "DELETE",
  path: "/api/v1/networks/{name}",
  operation: "network.modify",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: async (ctx, { params }) => {
    await deleteNetwork(ctx, params.name);
    return { name: params.name };
  },
});

export const listAddressesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/networks/{name}/addresses",
  operation: "network.read",
  params: nameParams,
  query: z.strictObject({ ...pageFields, holder: z.enum(ADDRESS_HOLDERS).optional() }),
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => listAddresses(ctx, params.name, query),
});

export const reserveAddressesRoute = defineRoute({
  method: "POST",
  path: "/api/v1/networks/{name}/reservations",
  operation: "network.modify",
  params: nameParams,
  query: noQuery,
  body: reserveAddressesInputSchema,
  status: 201,
  run: (ctx, { params, body }) => reserveAddresses(ctx, params.name, body),
});

/** The range is in the query, since a DELETE has no body. */
export const releaseAddressesRoute = defineRoute({
  method: "DELETE",
  path: "/api/v1/networks/{name}/reservations",
  operation: "network.modify",
  params: nameParams,
  query: releaseAddressesInputSchema,
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => releaseAddresses(ctx, params.name, query),
});
