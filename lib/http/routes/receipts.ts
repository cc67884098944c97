import { getReceipt } from "#lib/receipts/get-receipt.ts";
import { listReceiptKeys } from "#lib/receipts/list-receipt-keys.ts";
import { defineRoute } from "../define-route.ts";
import { installParams, noBody, noParams, noQuery } from "../schemas.ts";

export const getReceiptRoute = defineRoute({
  method: "GET",
  path: "/api/v1/installs/{id}/receipt",
  operation: "receipt.read",
  params: installParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getReceipt(ctx, params.id),
});

/** Those out of use too: receipts that they signed are checked with them. */
export const listReceiptKeysRoute = defineRoute({
  method: "GET",
  path: "/api/v1/receipt-keys",
  operation: "receipt.keys",
  params: noParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: async (ctx) => ({ items: await listReceiptKeys(ctx), nextCursor: null }),
});
