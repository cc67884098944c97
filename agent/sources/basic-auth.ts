import type { Secret } from "#lib/domain/visibility.ts";

/** Credentials as a header of one request (RFC 7617, UTF-8). The result goes into that request and nowhere else. */
export function basicAuthorization(credentials: Secret<string>): string {
  return `Basic ${Buffer.from(credentials.open(), "utf8").toString("base64")}`;
}
