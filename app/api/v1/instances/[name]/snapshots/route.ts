import { handle } from "#lib/http/route.ts";
import { createSnapshotRoute, listSnapshotsRoute } from "#lib/http/routes/snapshots.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listSnapshotsRoute);
export const POST = handle(createSnapshotRoute);
