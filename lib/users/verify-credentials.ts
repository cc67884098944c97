import type { CachedUser, Services } from "#lib/context/context.ts";
import type { Identity } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { PASSWORD_LENGTH, verifyPassword } from "./password.ts";
import { USER_NAME } from "./schemas.ts";

export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** The client's, for the limit on tries; null where there is none. */
  readonly address: string | null;
}

/** Who somebody is, and the epoch that their session must have to stay valid. */
export type VerifiedUser = Identity & { readonly kind: "user"; readonly sessionEpoch: number };

/**
 * Checks a name and a password. Null: they don't fit, or the account is disabled; it takes as long for a name that
 * nobody has.
 *
 * @throws SlipwayError `too_many_requests` where this address has tried this name too often.
 */
export async function verifyCredentials(services: Services, { name, password, address }: Credentials): Promise<VerifiedUser | null> {
  const { credentials, db } = services;
  if (password.length > PASSWORD_LENGTH.max || !USER_NAME.test(name)) return null; // nobody has such a name: nothing to learn from the time
  const cached = credentials.get(name, password);
  if (cached !== null) return verified(cached);
  if (!credentials.attempts.begin(name, address)) {
    throw new SlipwayError("too_many_requests", "Too many tries with this name from this address. Try again in a minute.");
  }
  const mark = credentials.mark();
  const user = await db.user.findUnique({ where: { name } });
  const fits = await verifyPassword(user?.passwordHash ?? null, password);
  if (!fits || user === null || user.disabledAt !== null) return null;
  credentials.attempts.succeeded(name, address);
  const found: CachedUser = {
    userId: user.id,
    sessionEpoch: user.sessionEpoch,
    identity: { kind: "user", userId: user.id, name: user.name, role: user.role },
  };
  credentials.set(name, password, found, mark);
  return verified(found);
}

function verified(user: CachedUser): VerifiedUser {
  return { ...user.identity, sessionEpoch: user.sessionEpoch };
}
