import type { Services } from "#lib/context/context.ts";

/** The key that encrypts sessions, as next-auth wants it. */
export function sessionKey(services: Services): string {
  return services.keyring.sessionSecret.open();
}
