import { z } from "zod";
import { checkUpload } from "#lib/os-definitions/check-upload.ts";
import { diffVersions } from "#lib/os-definitions/diff-versions.ts";
import { getVersion } from "#lib/os-definitions/get-version.ts";
import { listNodeFolders } from "#lib/os-definitions/list-node-folders.ts";
import { listVersions } from "#lib/os-definitions/list-versions.ts";
import { readFile } from "#lib/os-definitions/read-file.ts";
import { registerFromNode } from "#lib/os-definitions/register-from-node.ts";
import { uploadOsDefinition } from "#lib/os-definitions/upload-os-definition.ts";
import { defineRoute } from "../define-route.ts";
import { ARCHIVE_BODY } from "../limits.ts";
import { archiveBody, nameParams, noBody, noParams, noQuery, pageQuery, versionNumber, versionParams } from "../schemas.ts";

/** Nothing is stored and nothing runs. */
export const checkUploadRoute = defineRoute({
  method: "POST",
  path: "/api/v1/os-definition-checks",
  operation: "os.upload",
  params: noParams,
  query: z.strictObject({ name: z.string().min(1).max(64) }),
  rawBody: ARCHIVE_BODY,
  body: archiveBody,
  status: 200,
  run: (ctx, { query, body, signal }) => checkUpload(ctx, { name: query.name, archive: body }, signal),
});

export const uploadOsDefinitionRoute = defineRoute({
  method: "POST",
  path: "/api/v1/os-definitions/{name}/versions",
  operation: "os.upload",
  params: nameParams,
  query: z.strictObject({ owner: z.string().min(1).max(64).optional() }),
  rawBody: ARCHIVE_BODY,
  body: archiveBody,
  status: 201,
  run: (ctx, { params, query, body, signal }) => uploadOsDefinition(ctx, { name: params.name, owner: query.owner, archive: body }, signal),
});

export const registerFromNodeRoute = defineRoute({
  method: "POST",
  path: "/api/v1/os-definitions/{name}/registrations",
  operation: "os.register",
  params: nameParams,
  query: noQuery,
  body: z.strictObject({ node: z.string().min(1).max(253) }),
  status: 201,
  run: (ctx, { params, body, signal }) => registerFromNode(ctx, { name: params.name, node: body.node }, signal),
});

export const listNodeFoldersRoute = defineRoute({
  method: "GET",
  path: "/api/v1/nodes/{name}/os-definitions",
  operation: "os.register",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params, signal }) => listNodeFolders(ctx, params.name, signal),
});

export const listVersionsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions/{name}/versions",
  operation: "os.read",
  params: nameParams,
  query: pageQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => listVersions(ctx, params.name, query),
});

export const getVersionRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions/{name}/versions/{version}",
  operation: "os.read",
  params: versionParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getVersion(ctx, params.name, params.version),
});

export const readFileRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions/{name}/versions/{version}/file",
  operation: "os.read",
  params: versionParams,
  query: z.strictObject({ path: z.string().min(1).max(1_024) }),
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => readFile(ctx, params.name, params.version, query.path),
});

export const diffVersionsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/os-definitions/{name}/diff",
  operation: "os.read",
  params: nameParams,
  query: z.strictObject({ from: versionNumber, to: versionNumber }),
  body: noBody,
  status: 200,
  run: (ctx, { params, query }) => diffVersions(ctx, params.name, query),
});
