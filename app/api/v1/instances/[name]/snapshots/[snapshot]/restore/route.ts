import { handle } from "#lib/http/route.ts";
import { restoreSnapshotRoute } from "#lib/http/routes/snapshots.ts";

export const dynamic = "force-dynamic";

export const POST = handle(restoreSnapshotRoute);
