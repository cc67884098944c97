import { unknownObject } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { checkDefaults, parameterError } from "#lib/domain/resolve-parameters.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { definitionEvents } from "#lib/os-definitions/definition-events.ts";
import { lockDefinition } from "#lib/os-definitions/locks.ts";
import { requireDefinition } from "#lib/os-definitions/require-definition.ts";
import type { DefaultChanges } from "./changes.ts";
import { readChanges } from "./changes.ts";
import type { DefinitionDefaults } from "./get-definition-defaults.ts";
import { definitionDefaults } from "./get-definition-defaults.ts";
import { readDeclarations } from "./read-declarations.ts";
import type { DefinitionDefaultsInput } from "./schemas.ts";
import { defaultFacts, writeDefaults } from "./write-defaults.ts";

/**
 * Sets and removes defaults of a definition or of one of its variants. What is set is held to what the current version declares:
 * name, class, type, pattern. What a later version asks for is asked of the install.
 *
 * @throws SlipwayError with the parameter as field: `unknown_parameter`, `visibility_too_low`, `invalid`; `too_large`
 */
export async function setDefinitionDefaults(ctx: RequestContext, name: string, input: DefinitionDefaultsInput): Promise<DefinitionDefaults> {
  const { id, ownerId, shares } = await requireDefinition(ctx, "os.modify", name);
  const changes = readChanges(input);
  const { variant } = input;
  await ctx.services.db.$transaction(async (tx) => {
    // With other changes and with new versions.
    await lockDefinition(tx, name);
    if ((await tx.osDefinition.count({ where: { id } })) === 0) throw unknownObject("os", name);
    await checkChanges(tx, name, { definitionId: id, variant }, changes);
    await writeDefaults(tx, ctx, { definitionId: id, variant }, changes);
    await appendAudit(tx, ctx, { action: "os.modify", object: { kind: "os", name }, outcome: "done", details: { variant, ...defaultFacts(changes) } });
    await appendEvents(tx, definitionEvents(name, ownerId, shares.map(({ userId }) => userId)));
  });
  return definitionDefaults(ctx, id);
}

/** Only what is set: whatever is there may be removed. */
async function checkChanges(tx: Transaction, name: string, { definitionId, variant }: { readonly definitionId: string; readonly variant: string | null }, { set }: DefaultChanges): Promise<void> {
  if (set.size === 0) return;
  const { variants, declarations } = await readDeclarations(tx, definitionId);
  if (variant !== null && !variants.includes(variant)) throw new SlipwayError("unknown_object", `OS definition ${name} has no such variant; it has ${variants.join(", ") || "none"}.`, { field: "variant" });
  const [first, ...others] = checkDefaults(declarations, set);
  if (first !== undefined) throw parameterError([first, ...others]);
}
