import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { EnvelopePlace } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { KEY_ID_BYTES } from "./key-id.ts";

/**
 * How a private value lies in the database (design: "value, encrypted with a key that is not in the database"):
 *
 *   version (1 byte) · key id (4) · nonce (12) · ciphertext · tag (16)
 *
 * AES-256-GCM. The place is bound in as additional data, so that a value copied to another row doesn't open there. Version 2
 * names a data key, which lies in the database encrypted with the master key; version 1, of the first release, names the
 * master key itself. Both open; only version 2 is written.
 */
const VERSION = 2;
const VERSION_OF_MASTER_KEY = 1;
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
    case "user-data":
      return ["user-data", place.instanceId];
    case "job":
      return ["job", place.jobId, place.name];
    case "default":
      return ["default", place.definitionId, place.variant, place.name];
  }
}

/** Encrypts text with a data key of 32 bytes; `keyId` is 8 hex digits. */
export function sealEnvelope(text: string, key: Uint8Array, keyId: string, place: EnvelopePlace): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const head = Buffer.concat([envelopeStart({ kind: "data", id: keyId }), nonce]);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(head, place));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Uint8Array.from(Buffer.concat([head, body, cipher.getAuthTag()]));
}

/** Bytes at the start of an envelope that say which key it needs. */
export const ENVELOPE_KEY_BYTES = 1 + KEY_ID_BYTES;

export interface EnvelopeKey {
  readonly kind: "data" | "master";
  /** 8 hex digits. */
  readonly id: string;
}

/** Which key an envelope needs; its first bytes are enough. @throws SlipwayError `internal` where it isn't one. */
export function envelopeKey(envelope: Uint8Array): EnvelopeKey {
  const version = envelope[0];
  if (envelope.length < ENVELOPE_KEY_BYTES || (version !== VERSION && version !== VERSION_OF_MASTER_KEY)) {
    throw new SlipwayError("internal", "a stored private value has no form that this version knows");
  }
  return { kind: version === VERSION ? "data" : "master", id: Buffer.from(envelope.subarray(1, ENVELOPE_KEY_BYTES)).toString("hex") };
}

/** How the envelopes of a key begin. */
export function envelopeStart({ kind, id }: EnvelopeKey): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([Buffer.of(kind === "data" ? VERSION : VERSION_OF_MASTER_KEY), Buffer.from(id, "hex")]));
}

/** @throws SlipwayError `internal` where the envelope was made for another place, with another key, or was changed. */
export function openEnvelope(envelope: Uint8Array, key: Uint8Array, place: EnvelopePlace): string {
  if (envelope.length < HEAD_BYTES + TAG_BYTES) throw new SlipwayError("internal", `the stored value of ${place.name} is cut short`, { field: place.name });
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

/** The same value under another data key. The text is in memory for as long as this takes. */
export function resealEnvelope(envelope: Uint8Array, key: Uint8Array, to: { readonly id: string; readonly key: Uint8Array }, place: EnvelopePlace): Uint8Array<ArrayBuffer> {
  return sealEnvelope(openEnvelope(envelope, key, place), to.key, to.id, place);
}
