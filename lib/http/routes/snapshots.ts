import { createSnapshot } from "#lib/snapshots/create-snapshot.ts";
import { deleteSnapshot } from "#lib/snapshots/delete-snapshot.ts";
import { listSnapshots } from "#lib/snapshots/list-snapshots.ts";
import { restoreSnapshot } from "#lib/snapshots/restore-snapshot.ts";
import { createSnapshotInputSchema } from "#lib/snapshots/schemas.ts";
import { defineRoute } from "../define-route.ts";
import { nameParams, noBody, noQuery, snapshotParams } from "../schemas.ts";

export const listSnapshotsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/instances/{name}/snapshots",
  operation: "instance.read",
  params: nameParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: async (ctx, { params }) => ({ items: await listSnapshots(ctx, params.name), nextCursor: null }),
});

export const createSnapshotRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/snapshots",
  operation: "instance.snapshot",
  params: nameParams,
  query: noQuery,
  body: createSnapshotInputSchema,
  status: 202,
  run: (ctx, { params, body }) => createSnapshot(ctx, params.name, body),
});

export const deleteSnapshotRoute = defineRoute({
  method: "DELETE",
  path: "/api/v1/instances/{name}/snapshots/{snapshot}",
  operation: "instance.snapshot",
  params: snapshotParams,
  query: noQuery,
  body: noBody,
  status: 202,
  run: (ctx, { params }) => deleteSnapshot(ctx, params.name, params.snapshot),
});

export const restoreSnapshotRoute = defineRoute({
  method: "POST",
  path: "/api/v1/instances/{name}/snapshots/{snapshot}/restore",
  operation: "instance.snapshot",
  params: snapshotParams,
  query: noQuery,
  body: noBody,
  status: 202,
  run: (ctx, { params }) => restoreSnapshot(ctx, params.name, params.snapshot),
});
