import { createHash } from "node:crypto";

/** Of every key of ours: AES-256 and HMAC-SHA-256. */
export const KEY_BYTES = 32;
export const KEY_ID_BYTES = 4;

/** 8 hex digits that follow from the key: another one, made when this one was lost, never goes by its name. */
export function keyId(key: Uint8Array): string {
  return createHash("sha256").update("slipway key id\0").update(key).digest().subarray(0, KEY_ID_BYTES).toString("hex");
}
