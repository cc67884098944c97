import { reach } from "#lib/domain/access.ts";
import type { Identity, Operation } from "#lib/domain/access.ts";
import { OS_ACTIONS } from "#lib/domain/os-definition-views.ts";
import type { OsAction } from "#lib/domain/os-definition-views.ts";

const OPERATION: Readonly<Record<OsAction, Operation>> = { upload: "os.upload", modify: "os.modify", trust: "os.trust", blacklist: "os.blacklist", delete: "os.delete" };

/**
 * What somebody may ever do with a definition of this owner, from the one table of access; what keeps it from being done now is
 * the definition's own to say. Definitions know their owners here by name, which is as unique as the id.
 */
export function allowedActions(identity: Identity, owner: string | null): readonly OsAction[] {
  return OS_ACTIONS.filter((action) => {
    const far = reach(identity, OPERATION[action]);
    return far === "any" || (far === "own" && identity.kind === "user" && owner === identity.name);
  });
}
