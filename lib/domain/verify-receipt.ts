import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { dsseEnvelopeSchema, openDsse, STATEMENT_PAYLOAD } from "./dsse.ts";
import type { VerifiedStatement } from "./receipt-statement.ts";
import { receiptStatementSchema } from "./receipt-statement.ts";

export type VerifiedReceipt =
  | { readonly ok: true; readonly keyId: string; readonly statement: VerifiedStatement }
  /** `problem`: a sentence. */
  | { readonly ok: false; readonly problem: string };

/** An envelope, or the API's answer around it, which the console's download is too. Nothing else of that answer is signed, and none of it is used. */
const receiptSchema = z.union([dsseEnvelopeSchema, z.looseObject({ envelope: dsseEnvelopeSchema }).transform((answer) => answer.envelope)]);

/** Whether a text is a receipt that one of these keys has signed. Nothing of the payload is looked at before its signature fits. */
export function verifyReceipt(text: string, keys: readonly KeyObject[]): VerifiedReceipt {
  const envelope = receiptSchema.safeParse(parseJson(text));
  if (!envelope.success) return { ok: false, problem: "It is no DSSE envelope." };
  if (envelope.data.payloadType !== STATEMENT_PAYLOAD) return { ok: false, problem: "What it signs is no in-toto statement." };
  const opened = openDsse(envelope.data, keys);
  if (!opened.ok) return opened;
  const statement = receiptStatementSchema.safeParse(parseJson(opened.payload.toString("utf8")));
  if (!statement.success) return { ok: false, problem: "What it signs is an in-toto statement, and no receipt of an install." };
  return { ok: true, keyId: opened.keyId, statement: statement.data };
}

/** Undefined where it isn't JSON, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
