import { createCipheriv, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { EnvelopePlace } from "#lib/context/context.ts";
import { keyId } from "./key-id.ts";

/** An envelope as the first release wrote it: version 1, sealed with the master key itself. */
export function sealAsFirstRelease(text: string, key: Uint8Array, place: EnvelopePlace & { readonly kind: "instance" | "job" }): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(12);
  const head = Buffer.concat([Buffer.of(1), Buffer.from(keyId(key), "hex"), nonce]);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  const parts = place.kind === "instance" ? ["instance", place.instanceId, place.name] : ["job", place.jobId, place.name];
  cipher.setAAD(Buffer.concat([head, Buffer.from(JSON.stringify(parts), "utf8")]));
  return Uint8Array.from(Buffer.concat([head, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]));
}

/** The key files of the first release in `keys/` of a home directory. */
export function writeFirstReleaseFiles(keys: string): { readonly masterKey: Buffer; readonly fingerprintKey: Buffer; readonly sessionSecret: string } {
  const [masterKey, fingerprintKey, sessionSecret] = [randomBytes(32), randomBytes(32), randomBytes(32).toString("base64url")];
  const id = keyId(masterKey);
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): void => writeFileSync(path.join(keys, name), text, { mode: 0o600 });
  write("private-parameters.json", `${JSON.stringify({ current: id, keys: { [id]: masterKey.toString("base64") } })}\n`);
  write("fingerprints.json", `${JSON.stringify({ current: "1", keys: { "1": fingerprintKey.toString("base64") } })}\n`);
  write("session-secret", `${sessionSecret}\n`);
  return { masterKey, fingerprintKey, sessionSecret };
}
