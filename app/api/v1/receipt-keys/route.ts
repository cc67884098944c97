import { handle } from "#lib/http/route.ts";
import { listReceiptKeysRoute } from "#lib/http/routes/receipts.ts";

export const dynamic = "force-dynamic";

export const GET = handle(listReceiptKeysRoute);
