import { createHash, randomBytes } from "node:crypto";

/** How long a token can be used, in milliseconds: an hour, for somebody who walks to the machine. */
export const TOKEN_MILLISECONDS = 3_600_000;

/** 256 random bits: nobody tries them out, so its digest needs no salt. */
export function createEnrolmentToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What the database has of it. */
export function hashEnrolmentToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
