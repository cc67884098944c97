import { handle } from "#lib/http/route.ts";
import { getReceiptRoute } from "#lib/http/routes/receipts.ts";

export const dynamic = "force-dynamic";

export const GET = handle(getReceiptRoute);
