import type { User } from "#lib/db/client.ts";
import type { UserView } from "#lib/domain/views.ts";

/** What may be told of an account: everything but its password's hash. */
export function userView(user: User): UserView {
  return { id: user.id, name: user.name, displayName: user.displayName, role: user.role, disabled: user.disabledAt !== null };
}
