import type { Services } from "#lib/context/context.ts";
import type { Identity } from "#lib/domain/access.ts";

/**
 * Who a session belongs to now, with today's role; null where the account is gone or disabled, or the session was ended by
 * raising the epoch. Asks the database each time: a session is a signed cookie, and this is what can take it back.
 */
export async function loadSessionUser(services: Services, session: { readonly userId: string; readonly sessionEpoch: number }): Promise<Identity | null> {
  const user = await services.db.user.findUnique({
    where: { id: session.userId },
    select: { id: true, name: true, role: true, sessionEpoch: true, disabledAt: true },
  });
  if (user === null || user.disabledAt !== null || user.sessionEpoch !== session.sessionEpoch) return null;
  return { kind: "user", userId: user.id, name: user.name, role: user.role };
}
