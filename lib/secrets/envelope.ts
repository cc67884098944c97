import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { EnvelopePlace } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/**
 * How a private value lies in the database (design: "value, encrypted with a key that is not in the database"):
 *
 *   version 1 (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)
 *
 * AES-256-GCM. The place is bound in as additional data, so that a value copied to another row doesn't open there.
 */
const VERSION = 1;
export const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

/** As bytes that no other place has. JSON keeps the parts apart. */
function associatedData(head: Uint8Array, place: EnvelopePlace): Buffer {
  return Buffer.concat([head, Buffer.from(JSON.stringify(partsOf(place)), "utf8")]);
}

function partsOf(place: EnvelopePlace): unknown[] {
  switch (place.kind) {
    case "instance":
      return ["instance", place.instanceId, place.name];
    case "job":
      return ["job", place.jobId, place.name];
    case "default":
      return ["default", place.definitionId, place.variant, place.name];
  }
}

/** Encrypts text with a key of 32 bytes; `keyId` is 8 hex digits. */
export function sealEnvelope(text: string, key: Uint8Array, keyId: string, place: EnvelopePlace): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(keyId, "hex"), nonce]);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(head, place));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Uint8Array.from(Buffer.concat([head, body, cipher.getAuthTag()]));
}

/** Which key an envelope needs, as 8 hex digits. @throws SlipwayError `internal` where it isn't one. */
export function envelopeKeyId(envelope: Uint8Array): string {
  if (envelope.length < HEAD_BYTES + TAG_BYTES || envelope[0] !== VERSION) {
    throw new SlipwayError("internal", "a stored private value has no form that this version knows");
  }
  return Buffer.from(envelope.subarray(1, 1 + KEY_ID_BYTES)).toString("hex");
}

/** @throws SlipwayError `internal` where the envelope was made for another place, with another key, or was changed. */
export function openEnvelope(envelope: Uint8Array, key: Uint8Array, place: EnvelopePlace): string {
  const head = envelope.subarray(0, HEAD_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, head.subarray(1 + KEY_ID_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(head, place));
  decipher.setAuthTag(envelope.subarray(envelope.length - TAG_BYTES));
  try {
    const body = decipher.update(envelope.subarray(HEAD_BYTES, envelope.length - TAG_BYTES));
    return Buffer.concat([body, decipher.final()]).toString("utf8");
  } catch {
    throw new SlipwayError("internal", `the stored value of ${place.name} doesn't open: it was changed, or belongs elsewhere`, { field: place.name });
  }
}
