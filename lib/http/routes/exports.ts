import { deleteExport } from "#lib/exports/delete-export.ts";
import { getExport } from "#lib/exports/get-export.ts";
import { listExports } from "#lib/exports/list-exports.ts";
import { defineRoute } from "../define-route.ts";
import { exportParams, noBody, noParams, noQuery, pageQuery } from "../schemas.ts";

export const listExportsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/exports",
  operation: "export.list",
  params: noParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listExports(ctx, query),
});

export const getExportRoute = defineRoute({
  method: "GET",
  path: "/api/v1/exports/{id}",
  operation: "export.read",
  params: exportParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getExport(ctx, params.id),
});

export const deleteExportRoute = defineRoute({
  method: "DELETE",
  path: "/api/v1/exports/{id}",
  operation: "export.delete",
  params: exportParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: async (ctx, { params }) => {
    await deleteExport(ctx, params.id);
    return { id: params.id };
  },
});
