/**
 * Envelopes of signed statements: DSSE 1.0.2 (https://github.com/secure-systems-lab/dsse), with Ed25519. A signature covers the type of
 * the payload and its bytes, so that nothing has to be written in one canonical form.
 */
import type { KeyObject } from "node:crypto";
import { createHash, createPublicKey, verify } from "node:crypto";
import { z } from "zod";
import type { DsseEnvelope } from "./receipt-views.ts";

export const STATEMENT_PAYLOAD = "application/vnd.in-toto+json";

/** Bytes of an envelope's text: a receipt has some thousand. */
export const ENVELOPE_BYTES = 4_194_304;

const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "must be base64");
export const dsseEnvelopeSchema = z.strictObject({
  payloadType: z.string().min(1).max(200),
  payload: base64,
  signatures: z.array(z.strictObject({ keyid: z.string().max(200).default(""), sig: base64 })).min(1).max(16),
});

/** What a signature is over: `DSSEv1 LEN(type) type LEN(body) body`, lengths in bytes. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `, "utf8"), payload]);
}

/** sha256 of a public key as DER (SubjectPublicKeyInfo), lower-case hex. */
export function publicKeyId(key: KeyObject): string {
  return createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex");
}

/** Ed25519 public keys out of PEM text, one or several. @throws RangeError where there is none, or one of another kind */
export function readPublicKeys(pem: string): KeyObject[] {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) throw new RangeError("holds no public key in PEM");
  return blocks.map((block) => {
    let key: KeyObject;
    try {
      key = createPublicKey(block);
    } catch {
      throw new RangeError("holds a public key that can't be read");
    }
    if (key.asymmetricKeyType !== "ed25519") throw new RangeError("holds a public key that isn't Ed25519");
    return key;
  });
}

export type OpenedEnvelope =
  | { readonly ok: true; readonly keyId: string; readonly payload: Buffer }
  | { readonly ok: false; readonly problem: string };

/**
 * The payload of an envelope with at least one signature by one of these keys. A key's name in the envelope is a hint, as DSSE has it:
 * every key is tried.
 */
export function openDsse(envelope: DsseEnvelope, keys: readonly KeyObject[]): OpenedEnvelope {
  const payload = Buffer.from(envelope.payload, "base64");
  const signed = preAuthenticationEncoding(envelope.payloadType, payload);
  for (const { sig } of envelope.signatures) {
    const signature = Buffer.from(sig, "base64");
    const key = keys.find((candidate) => verify(null, signed, candidate, signature));
    if (key !== undefined) return { ok: true, keyId: publicKeyId(key), payload };
  }
  const known = new Set(keys.map(publicKeyId));
  const named = envelope.signatures.some(({ keyid }) => known.has(keyid));
  return { ok: false, problem: named ? "The signature doesn't fit: what it signed was changed." : "It isn't signed by any of the keys that are known." };
}
