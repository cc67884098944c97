import { z } from "zod";
import { createInstance } from "#lib/instances/create-instance.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { listInstances } from "#lib/instances/list-instances.ts";
import { modifyInstance } from "#lib/instances/modify-instance.ts";
import { previewCreate } from "#lib/instances/preview-create.ts";
import { previewReinstall } from "#lib/instances/preview-reinstall.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import {
  createInstanceInputSchema,
  modifyInstanceInputSchema,
  powerInputSchema,
  previewCreateInputSchema,
  previewReinstallInputSchema,
  reinstallInputSchema,
} from "#lib/instances/schemas.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noParams, noQuery, pageFields } from "../schemas.ts";

const INSTANCE_STATUSES = ["installing", "install_failed", "running", "stopped", "error_up", "error_down", "node_unreachable", "not_installed"] as const;

export const listInstancesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/instances",
  operation: "instance.list",
  params: noParams,
  query: z.strictObject({
    ...pageFields,
    search: z.string().max(253).optional(),
    status: z.enum(INSTANCE_STATUSES).optional(),
    node: z.string().max(253).optional(),
    osType: z.string().max(129).optional(),
    sort: z.enum(["name", "-name", "createdAt", "-createdAt"]).optional(),
  }),
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listInstances(ctx, query),
});

export const createInstanceRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances",
  operation: "instance.create",
  params: noParams,
  query: noQuery,
  body: createInstanceInputSchema,
  status: 202,
  run: (ctx, { body }) => createInstance(ctx, body),
});

export const previewCreateRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instance-previews",
  operation: "instance.create",
  params: noParams,
  query: noQuery,
  body: previewCreateInputSchema,
  status: 200,
  run: (ctx, { body }) => previewCreate(ctx, body),
});

export const getInstanceRoute = defineRoute({
  method: "GET",
  path: "/api/v1/instances/{name}",
  operation: "instance.read",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getInstance(ctx, params.name),
});

export const modifyInstanceRoute = defineRoute({
  method: "PATCH",
  path: "/api/v1/instances/{name}",
  operation: "instance.modify",
  params: nameParams,
  query: noQuery,
  body: modifyInstanceInputSchema,
  status: 202,
  run: (ctx, { params, body }) => modifyInstance(ctx, params.name, body),
});

export const deleteInstanceRoute = defineRoute({
  method: "DELETE",
  path: "/api/v1/instances/{name}",
  operation: "instance.delete",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 202,
  run: (ctx, { params }) => deleteInstance(ctx, params.name),
});

export const reinstallInstanceRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/reinstall",
  operation: "instance.reinstall",
  params: nameParams,
  query: noQuery,
  body: reinstallInputSchema,
  status: 202,
  run: (ctx, { params, body }) => reinstallInstance(ctx, params.name, body),
});

export const previewReinstallRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/reinstall/preview",
  operation: "instance.reinstall",
  params: nameParams,
  query: noQuery,
  body: previewReinstallInputSchema.default({}),
  status: 200,
  run: (ctx, { params, body }) => previewReinstall(ctx, params.name, body),
});

export const setInstancePowerRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/power",
  operation: "instance.power",
  params: nameParams,
  query: noQuery,
  body: powerInputSchema,
  status: 202,
  run: (ctx, { params, body }) => setInstancePower(ctx, params.name, body),
});
