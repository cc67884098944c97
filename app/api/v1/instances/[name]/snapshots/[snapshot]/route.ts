import { handle } from "#lib/http/route.ts";
import { deleteSnapshotRoute } from "#lib/http/routes/snapshots.ts";

export const dynamic = "force-dynamic";

export const DELETE = handle(deleteSnapshotRoute);
