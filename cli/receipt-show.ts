import { parseArgs } from "node:util";
import { getReceipt } from "#lib/receipts/get-receipt.ts";
import type { Command } from "./command.ts";
import { print, understood, UsageError } from "./command.ts";
import { withServices } from "./with-services.ts";

/** `slipway receipt show`: docs/receipts.md. */
export const receiptShow: Command = {
  words: ["receipt", "show"],
  usage: "INSTALL [--statement]",
  summary: "Prints the receipt of an install that has ended",
  details: ["INSTALL      its id", "--statement  what was signed, to be read, without the envelope around it"],
  async run(args) {
    const { values, positionals } = understood(() => parseArgs({ args: [...args], options: { statement: { type: "boolean", default: false } }, allowPositionals: true }));
    const [installId, ...others] = positionals;
    if (installId === undefined || others.length > 0) throw new UsageError("one id of an install is needed");
    const { envelope } = await withServices((ctx) => getReceipt(ctx, installId));
    const statement: unknown = values.statement ? JSON.parse(Buffer.from(envelope.payload, "base64").toString("utf8")) : envelope;
    print(JSON.stringify(statement, null, 2));
    return 0;
  },
};
