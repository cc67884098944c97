import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import { decide } from "#lib/domain/access.ts";
import type { OsAction, OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { OS_ACTIONS } from "#lib/domain/os-definition-views.ts";
import type { DefinitionRow } from "./require-definition.ts";
import { audienceOf } from "./require-definition.ts";

const OPERATION: Readonly<Record<OsAction, Operation>> = {
  upload: "os.upload",
  modify: "os.modify",
  trust: "os.trust",
  blacklist: "os.blacklist",
  delete: "os.delete",
};

/** Why the caller can't do what with a definition that they see. */
export function blockedActions(ctx: RequestContext, row: DefinitionRow, isUsed: boolean): OsDefinitionDetail["blockedActions"] {
  const reasons = OS_ACTIONS.map((action) => [action, reasonOf(ctx, row, action, isUsed)] as const);
  return Object.fromEntries(reasons.filter(([, reason]) => reason !== null));
}

function reasonOf(ctx: RequestContext, row: DefinitionRow, action: OsAction, isUsed: boolean): string | null {
  if (decide(ctx.identity, OPERATION[action], row.ownerId, audienceOf(row)) !== "allowed") {
    return action === "trust" || action === "blacklist" || row.ownerId === null ? "Only administrators may do that." : "Only its owner and administrators may do that.";
  }
  if (action === "trust" && row.currentVersion === null) return "It has no version yet.";
  return action === "delete" && isUsed ? "Instances use it." : null;
}
