import { parseArgs } from "node:util";
import { listReceiptKeys } from "#lib/receipts/list-receipt-keys.ts";
import type { Command } from "./command.ts";
import { print, understood } from "./command.ts";
import { withServices } from "./with-services.ts";

/** `slipway receipt keys`: docs/receipts.md. */
export const receiptKeys: Command = {
  words: ["receipt", "keys"],
  usage: "",
  summary: "Prints the public keys by which receipts are verified, for whoever has no access to the cluster",
  async run(args) {
    understood(() => parseArgs({ args: [...args], options: {} }));
    for (const { keyId, publicKey, createdAt, retiredAt } of await withServices(listReceiptKeys)) {
      print(`# ${keyId}, ${retiredAt === null ? `in use since ${createdAt}` : `from ${createdAt} until ${retiredAt}`}`);
      print(publicKey.trimEnd());
    }
    return 0;
  },
};
