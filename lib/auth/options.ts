import { randomUUID } from "node:crypto";
import type { AuthOptions, User } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { Services } from "#lib/context/context.ts";
import type { Identity } from "#lib/domain/access.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { CREDENTIAL_LIMITS } from "#lib/http/basic-credentials.ts";
import { STAMPS } from "#lib/http/stamp.ts";
import { loadSessionUser } from "#lib/users/load-session-user.ts";
import { verifyCredentials } from "#lib/users/verify-credentials.ts";
import { sessionKey } from "./session-key.ts";
import { readClaims, SESSION_SECONDS, usesSecureCookies } from "./session.ts";

interface SignedInUser extends User {
  readonly sessionEpoch: number;
}

/**
 * How people sign in to the console: name and password, checked against the accounts of this cluster, kept as an encrypted
 * cookie. What the sign-in page gets to see as `error`: `CredentialsSignin`, or `too_many_requests`.
 */
export function authOptions(services: Services): AuthOptions {
  return {
    secret: sessionKey(services),
    useSecureCookies: usesSecureCookies(services),
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    pages: { signIn: "/sign-in", signOut: "/sign-in", error: "/sign-in" },
    providers: [
      CredentialsProvider({
        name: "Name and password",
        credentials: { name: { label: "Name", type: "text" }, password: { label: "Password", type: "password" } },
        authorize: (sent, request) => authorize(services, sent, request.headers),
      }),
    ],
    callbacks: {
      async jwt({ token, user }) {
        if (isSignedInUser(user)) return { userId: user.id, sessionEpoch: user.sessionEpoch };
        const claims = readClaims(token);
        // next-auth takes a throw here as "no session" and removes the cookie.
        if (claims === null || (await loadSessionUser(services, claims)) === null) throw new Error("The session has ended");
        return token;
      },
      async session({ session, token }) {
        const claims = readClaims(token);
        const identity = claims === null ? null : await loadSessionUser(services, claims);
        return { expires: session.expires, user: { name: identity?.name ?? null } };
      },
    },
    logger: {
      // next-auth's own metadata may hold a request; the log gets the code and the kind of error, and no more.
      error: (code, metadata) => services.log.warn({ code, error: errorName(metadata) }, "sign-in: error"),
      warn: (code) => services.log.debug({ code }, "sign-in: warning"),
      debug: () => undefined,
    },
  };
}

type Headers = Readonly<Record<string, unknown>> | undefined;

async function authorize(services: Services, sent: Record<string, string> | undefined, headers: Headers): Promise<SignedInUser | null> {
  const name = sent?.["name"];
  const password = sent?.["password"];
  if (typeof name !== "string" || typeof password !== "string") return null;
  if (name.length > CREDENTIAL_LIMITS.name || password.length > CREDENTIAL_LIMITS.password) return null;
  const from = { address: header(headers, STAMPS.address), requestId: header(headers, STAMPS.requestId) ?? randomUUID() };
  try {
    const verified = await verifyCredentials(services, { name, password, address: from.address });
    await auditSignIn(services, name, verified, from);
    if (verified === null) return null;
    return { id: verified.userId, name: verified.name, sessionEpoch: verified.sessionEpoch };
  } catch (error) {
    // The message ends up in the address of the sign-in page: a code, and nothing else.
    if (isSlipwayError(error) && error.code === "too_many_requests") throw new Error(error.code);
    services.log.error({ err: error }, "sign-in failed");
    throw new Error("internal");
  }
}

/** Refused tries are written down too: under the name that was tried, which need not be anybody's. */
async function auditSignIn(services: Services, name: string, verified: Identity | null, from: { readonly address: string | null; readonly requestId: string }): Promise<void> {
  await appendAudit(
    services.db,
    { identity: verified ?? { kind: "system", name: "sign-in" }, interface: "console", ...from },
    { action: "session.sign-in", object: { kind: "user", name }, outcome: verified === null ? "refused" : "done" },
  );
}

function header(headers: Headers, name: string): string | null {
  const value = headers?.[name];
  return typeof value === "string" && value !== "" ? value : null;
}

function isSignedInUser(user: User | undefined): user is SignedInUser {
  return user !== undefined && "sessionEpoch" in user;
}

function errorName(metadata: unknown): string {
  if (metadata instanceof Error) return metadata.name;
  if (typeof metadata === "object" && metadata !== null && "error" in metadata && metadata.error instanceof Error) return metadata.error.name;
  return "unknown";
}
