import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isUniqueViolation } from "#lib/db/errors.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { parseInput } from "#lib/domain/parse-input.ts";
import type { UserView } from "#lib/domain/views.ts";
import { hashPassword } from "./password.ts";
import type { CreateUserInput } from "./schemas.ts";
import { createUserInputSchema } from "./schemas.ts";
import { userView } from "./user-view.ts";

/** Makes an account. @throws SlipwayError `exists` where the name is taken. */
export async function createUser(ctx: RequestContext, input: CreateUserInput): Promise<UserView> {
  await requireAccess(ctx, "user.create", { kind: "user", name: input.name, ownerId: null });
  const { name, displayName, password, role } = parseInput(createUserInputSchema, input);
  const passwordHash = await hashPassword(password);
  try {
    return await ctx.services.db.$transaction(async (tx) => {
      const user = await tx.user.create({ data: { name, displayName: displayName ?? "", passwordHash, role } });
      await appendAudit(tx, ctx, { action: "user.create", object: { kind: "user", name }, outcome: "done", details: { role } });
      return userView(user);
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new SlipwayError("exists", `There is a user ${name} already.`, { field: "name" });
    throw error;
  }
}
