/** Longer names and passwords are nobody's, and argon2 needn't see them. */
export const CREDENTIAL_LIMITS = { name: 64, password: 1024 } as const;

/**
 * Name and password of an `Authorization: Basic …` header (RFC 7617, as UTF-8); null where it isn't one, or can't be anybody's.
 */
export function readBasicCredentials(header: string | null | undefined): { readonly name: string; readonly password: string } | null {
  const encoded = /^basic +([a-z0-9+/]{1,8192}={0,2})$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return null;
  const text = decodeUtf8(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon < 1) return null;
  const name = text.slice(0, colon);
  const password = text.slice(colon + 1);
  if (name.length > CREDENTIAL_LIMITS.name || password.length > CREDENTIAL_LIMITS.password) return null;
  return { name, password };
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
