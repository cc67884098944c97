import type { KeyObject } from "node:crypto";
import { createPrivateKey, createPublicKey } from "node:crypto";

/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410). */
const ED25519_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** The data key of purpose `receipts` as what it is: the seed of an Ed25519 key. */
export function signingKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ED25519_HEAD, seed]), format: "der", type: "pkcs8" });
}

/** By which its signatures are verified; PEM. */
export function publicKeyPem(seed: Uint8Array): string {
  return createPublicKey(signingKey(seed)).export({ type: "spki", format: "pem" }).toString();
}
