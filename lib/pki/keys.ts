import { createPrivateKey } from "node:crypto";

/** P-256: small, quick to verify, and known to every TLS library in the field. */
export const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
export const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;

export type KeyPair = CryptoKeyPair;

export async function generateKeys(): Promise<KeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

/** As PKCS #8 in PEM. */
export async function privateKeyToPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{1,64}/g, "$&\n")}-----END PRIVATE KEY-----\n`;
}

/** Both halves from a PEM file's private key. */
export async function keysFromPem(pem: string): Promise<KeyPair> {
  const jwk = createPrivateKey(pem).export({ format: "jwk" });
  const { d, ...open } = jwk;
  if (d === undefined) throw new Error("the file holds no private key");
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("jwk", jwk, KEY_ALGORITHM, true, ["sign"]),
    crypto.subtle.importKey("jwk", open, KEY_ALGORITHM, true, ["verify"]),
  ]);
  return { privateKey, publicKey };
}
