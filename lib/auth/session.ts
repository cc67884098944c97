import { decode } from "next-auth/jwt";
import { z } from "zod";
import type { Services } from "#lib/context/context.ts";
import type { Identity } from "#lib/domain/access.ts";
import { loadSessionUser } from "#lib/users/load-session-user.ts";
import { sessionKey } from "./session-key.ts";

/** Seconds for which a session lives after its last use. */
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

/** What a session says. It names no role: that is read from the database each time. */
const claimsSchema = z.object({ userId: z.uuid(), sessionEpoch: z.number().int().min(0) });
export type SessionClaims = z.infer<typeof claimsSchema>;

/** Whether cookies are for TLS only: decided by the address under which browsers see the console. */
export function usesSecureCookies(services: Services): boolean {
  return services.config.publicUrl.startsWith("https://");
}

/** Name of the cookie that holds the session, as next-auth names it. */
export function sessionCookieName(services: Services): string {
  return usesSecureCookies(services) ? "__Secure-next-auth.session-token" : "next-auth.session-token";
}

/** The claims of a decoded token; null if they aren't ours. */
export function readClaims(token: Readonly<Record<string, unknown>> | null): SessionClaims | null {
  const claims = claimsSchema.safeParse(token);
  return claims.success ? claims.data : null;
}

/**
 * Who a session cookie stands for; null for none, an expired, forged or revoked one, and for users that are disabled.
 *
 * The token is only half of it: the database is asked on each request, so that raising a user's session epoch ends every
 * session at once.
 */
export async function readSession(services: Services, cookie: string | undefined): Promise<Identity | null> {
  // Our tokens are some 400 bytes; next-auth's own limit for one cookie is 4 KiB.
  if (cookie === undefined || cookie === "" || cookie.length > 4096) return null;
  const claims = readClaims(await decodeToken(services, cookie));
  return claims === null ? null : loadSessionUser(services, claims);
}

async function decodeToken(services: Services, token: string): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    return await decode({ token, secret: sessionKey(services) });
  } catch {
    // Whatever is wrong with a token (its form, its age, its key), it is no session.
    return null;
  }
}
