import { z } from "zod";
import { confirmInstall } from "#lib/installs/confirm-install.ts";
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

/** Ends the wait for a first boot's report: whoever looks at the machine says that its system stands. */
export const confirmInstallRoute = defineRoute({
  method: "POST",
  path: "/api/v1/installs/{id}/confirm",
  operation: "install.confirm",
  params: installParams,
  query: noQuery,
  body: noBody,
  status: 202,
  run: async (ctx, { params }) => {
    await confirmInstall(ctx, params.id);
    return { id: params.id };
  },
});
