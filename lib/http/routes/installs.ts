import { z } from "zod";
import { getInstall } from "#lib/installs/get-install.ts";
import { listInstallEntries } from "#lib/installs/list-install-entries.ts";
import { listInstalls } from "#lib/installs/list-installs.ts";
import { defineRoute } from "../define-route.ts";
import { flag, installParams, noBody, noParams, noQuery, pageFields, wholeNumber } from "../schemas.ts";

/** A number in an install's log. */
const entryNumber = wholeNumber(0, 2_147_483_647);

export const listInstallsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/installs",
  operation: "install.read",
  params: noParams,
  query: z.strictObject({ ...pageFields, instanceName: z.string().max(253).optional(), active: flag.optional() }),
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listInstalls(ctx, query),
});

export const getInstallRoute = defineRoute({
  method: "GET",
  path: "/api/v1/installs/{id}",
  operation: "install.read",
  params: installParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getInstall(ctx, params.id),
});

export const listInstallEntriesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/installs/{id}/log",
  operation: "install.read",
  params: installParams,
  query: z.strictObject({ after: entryNumber.optional(), before: entryNumber.optional(), limit: wholeNumber(1, 1_000).default(500) }),
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => listInstallEntries(ctx, params.id, query),
});
