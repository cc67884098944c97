import { readSession, sessionCookieName } from "#lib/auth/session.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import type { Identity } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { verifyCredentials } from "#lib/users/verify-credentials.ts";
import { readBasicCredentials } from "./basic-credentials.ts";
import { isFromOurPages } from "./origin.ts";

/** Who asks, and with what: an account's name and password, or the console's session. */
export interface Caller {
  readonly identity: Identity;
  readonly interface: RequestContext["interface"];
}

/**
 * Finds out who asks. Credentials come before the cookie; a cookie counts only where the request comes from a page of ours.
 *
 * @throws SlipwayError `not_signed_in`, `not_allowed` (a session used by a foreign page), `too_many_requests`
 */
export async function authenticate(services: Services, request: Request, address: string | null): Promise<Caller> {
  const authorization = request.headers.get("authorization");
  if (authorization !== null) return { identity: await fromCredentials(services, authorization, address), interface: "api" };
  const identity = await readSession(services, readCookie(request.headers, sessionCookieName(services)));
  if (identity === null) throw new SlipwayError("not_signed_in", "This needs an account: sign in, or send its name and password");
  if (!isFromOurPages(request.method, request.headers, services.config.publicUrl)) {
    throw new SlipwayError("not_allowed", "A session can only be used from the console's own pages", { field: "origin" });
  }
  return { identity, interface: "console" };
}

async function fromCredentials(services: Services, authorization: string, address: string | null): Promise<Identity> {
  const sent = readBasicCredentials(authorization);
  const verified = sent === null ? null : await verifyCredentials(services, { ...sent, address });
  if (verified === null) throw new SlipwayError("not_signed_in", "The name or the password is wrong");
  return { kind: "user", userId: verified.userId, name: verified.name, role: verified.role };
}

/** The value of a cookie; undefined if it isn't there, or is there more than once. */
export function readCookie(headers: Headers, name: string): string | undefined {
  const found = (headers.get("cookie") ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return found.length === 1 ? found[0] : undefined;
}
