import { createHmac, randomBytes } from "node:crypto";
import type { CachedUser, CredentialCache } from "#lib/context/context.ts";
import type { NotificationListener } from "#lib/db/listen.ts";
import { CHANNELS } from "#lib/db/listen.ts";
import { createAttemptLimits } from "./attempt-limits.ts";

/** How long a check counts. RAPI clients send their password with every request, and argon2 takes some 20 ms of a core. */
const KEPT_MILLISECONDS = 60_000;
const MOST_ENTRIES = 1_000;

interface Entry {
  readonly user: CachedUser;
  readonly until: number;
}

/**
 * Remembers credentials that were right, as digests under a key that only this object has, for a minute. A change of the
 * user (password, role, session epoch, disabled) drops them at once; while such news can't be heard nothing is answered.
 *
 * @param now milliseconds; given by tests.
 */
export function createCredentialCache(notifications: NotificationListener, now: () => number = () => performance.now()): CredentialCache {
  const key = randomBytes(32);
  const entries = new Map<string, Entry>();
  let drops = 0;
  const digest = (name: string, password: string): string => createHmac("sha256", key).update(JSON.stringify([name, password])).digest("base64");

  const cache: CredentialCache = {
    get(name, password) {
      if (!notifications.connected) return null;
      const found = entries.get(digest(name, password));
      return found === undefined || found.until <= now() ? null : found.user;
    },
    mark: () => drops,
    set(name, password, user, mark) {
      if (mark !== drops) return;
      entries.set(digest(name, password), { user, until: now() + KEPT_MILLISECONDS });
      const oldest = entries.keys().next();
      if (entries.size > MOST_ENTRIES && oldest.done !== true) entries.delete(oldest.value);
    },
    dropUser(userId) {
      drops += 1;
      for (const [id, { user }] of entries) if (user.userId === userId) entries.delete(id);
    },
    dropAll() {
      drops += 1;
      entries.clear();
    },
    attempts: createAttemptLimits(now),
  };
  notifications.on(CHANNELS.users, (userId) => {
    cache.dropUser(userId);
  });
  notifications.onReconnect(() => {
    cache.dropAll();
  });
  return cache;
}
