import type { ReceiptStatement } from "#lib/domain/receipt-statement.ts";
import type { ReceiptView } from "#lib/domain/receipt-views.ts";

/** What a receipt states, out of its envelope. Whether the signature fits is for whoever has the public key: `slipway receipt verify`. */
export function readStatement({ envelope }: ReceiptView): ReceiptStatement | null {
  try {
    const bytes = Uint8Array.from(atob(envelope.payload), (character) => character.charCodeAt(0));
    // The controller that answers has written it; whoever doubts that verifies the file.
    return JSON.parse(new TextDecoder().decode(bytes)) as ReceiptStatement;
  } catch {
    return null;
  }
}
