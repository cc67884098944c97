import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { SlipwayError } from "#lib/domain/errors.ts";
import { KEY_BYTES, keyId } from "./key-id.ts";
import type { MasterKeys } from "./master-keys.ts";
import { publicKeyPem } from "./receipt-key.ts";

/** What a key in the database is for. */
export const PURPOSES = ["private-parameters", "fingerprints", "sessions", "receipts"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** A row of the table, as it is written. */
export interface WrappedKey {
  readonly id: string;
  readonly purpose: Purpose;
  readonly wrapped: Uint8Array<ArrayBuffer>;
  readonly masterKeyId: string;
  /** Of `receipts`: what verifies its signatures, PEM. */
  readonly publicKey: string | null;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A key that nothing has been encrypted with. Of `sessions` it is a text, because that is what the session library takes; of `receipts`
 * the seed of a signing key.
 */
export function newDataKey(purpose: Purpose): Buffer {
  const key = randomBytes(KEY_BYTES);
  return purpose === "sessions" ? Buffer.from(key.toString("base64url"), "utf8") : key;
}

/**
 * Encrypts a key for the database with the current master key, as
 *
 *   version 1 (1 byte) · nonce (12) · ciphertext · tag (16)
 *
 * AES-256-GCM. Its id and its purpose are bound in: a key that is moved to another row, or made to serve another purpose,
 * doesn't open there.
 */
export function wrapKey(key: Uint8Array, purpose: Purpose, masters: MasterKeys): WrappedKey {
  const id = keyId(key);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", masterKey(masters, masters.current, id), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(id, purpose));
  const wrapped = Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  return { id, purpose, wrapped: Uint8Array.from(wrapped), masterKeyId: masters.current, publicKey: purpose === "receipts" ? publicKeyPem(key) : null };
}

/** @throws SlipwayError `internal` where the master key is missing, or the row was changed. */
export function unwrapKey(row: { readonly id: string; readonly purpose: string; readonly wrapped: Uint8Array; readonly masterKeyId: string }, masters: MasterKeys): Buffer {
  const { wrapped } = row;
  const master = masterKey(masters, row.masterKeyId, row.id);
  try {
    if (wrapped[0] !== VERSION) throw new Error("another version");
    const decipher = createDecipheriv("aes-256-gcm", master, wrapped.subarray(1, 1 + NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(row.id, row.purpose));
    decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
    return Buffer.concat([decipher.update(wrapped.subarray(1 + NONCE_BYTES, wrapped.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new SlipwayError("internal", `the data key ${row.id} doesn't open: its row was changed`);
  }
}

function masterKey(masters: MasterKeys, id: string, dataKeyId: string): Uint8Array {
  const key = masters.get(id);
  if (key === undefined) throw new SlipwayError("internal", `the data key ${dataKeyId} needs the master key ${id}, which ${masters.source.name} doesn't have`);
  return key;
}

function associatedData(id: string, purpose: string): Buffer {
  return Buffer.from(JSON.stringify(["slipway data key", id, purpose]), "utf8");
}
