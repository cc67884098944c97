import { z } from "zod";
import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { INSTANCE_NAME } from "#lib/domain/instance.ts";
import { parseInput } from "#lib/domain/parse-input.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { createEnrolmentToken, hashEnrolmentToken, TOKEN_MILLISECONDS } from "./enrolment-token.ts";

/** Nodes have host names, as instances do. */
export const addNodeInputSchema = z.strictObject({
  name: z.string().regex(INSTANCE_NAME, "must be a host name in lower case"),
  /** For a node whose agent has lost its certificate: a new token for a node that had enrolled. */
  enrolAgain: z.boolean().optional(),
});
export type AddNodeInput = z.output<typeof addNodeInputSchema>;

/**
 * Makes a node and the one-time token with which its agent enrols. The token is in the answer and nowhere else. Asked
 * again before the agent has enrolled, it gives a new token and the old one ends.
 *
 * @throws SlipwayError `exists` where the node has enrolled, unless `enrolAgain`.
 */
export async function addNode(ctx: RequestContext, input: AddNodeInput): Promise<{ readonly name: string; readonly token: string; readonly expiresAt: string }> {
  await requireAccess(ctx, "node.add", { kind: "node", name: input.name, ownerId: null });
  const { name, enrolAgain } = parseInput(addNodeInputSchema, input);
  const token = createEnrolmentToken();
  const expiresAt = new Date(Date.now() + TOKEN_MILLISECONDS);
  const enrolment = { enrolTokenHash: hashEnrolmentToken(token), enrolTokenExpires: expiresAt };
  await ctx.services.db.$transaction(async (tx) => {
    await tx.node.createMany({ data: [{ name }], skipDuplicates: true });
    const { count } = await tx.node.updateMany({
      where: enrolAgain === true ? { name } : { name, certificate: null },
      data: { ...enrolment, serialNo: { increment: 1 } },
    });
    if (count === 0) throw new SlipwayError("exists", `There is a node ${name} already, and its agent has enrolled.`, { field: "name" });
    await appendAudit(tx, ctx, { action: "node.add", object: { kind: "node", name }, outcome: "done", details: { enrolAgain: enrolAgain === true } });
    await appendEvents(tx, [{ payload: { type: "node.changed", name }, ownerId: null }]);
  });
  return { name, token, expiresAt: expiresAt.toISOString() };
}
