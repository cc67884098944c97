import { importInputSchema, renameInputSchema, rollbackInputSchema } from "#lib/instances/change-schemas.ts";
import { exportInstance } from "#lib/instances/export-instance.ts";
import { importInstance } from "#lib/instances/import-instance.ts";
import { renameInstance } from "#lib/instances/rename-instance.ts";
import { rollbackInstance } from "#lib/instances/rollback-instance.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery } from "../schemas.ts";

export const rollbackInstanceRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/rollback",
  operation: "instance.rollback",
  params: nameParams,
  query: noQuery,
  body: rollbackInputSchema.default({}),
  status: 202,
  run: (ctx, { params, body }) => rollbackInstance(ctx, params.name, body),
});

export const renameInstanceRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/rename",
  operation: "instance.rename",
  params: nameParams,
  query: noQuery,
  body: renameInputSchema,
  status: 202,
  run: (ctx, { params, body }) => renameInstance(ctx, params.name, body),
});

export const exportInstanceRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/export",
  operation: "instance.export",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 202,
  run: (ctx, { params }) => exportInstance(ctx, params.name),
});

export const importInstanceRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instance-imports",
  operation: "instance.import",
  params: noParams,
  query: noQuery,
  body: importInputSchema,
  status: 202,
  run: (ctx, { body }) => importInstance(ctx, body),
});
