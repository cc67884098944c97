import { z } from "zod";
import { requireAccess, unknownObject } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { InstallView } from "#lib/domain/views.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { applyStatuses } from "./apply-status.ts";
import { getInstall } from "./get-install.ts";
import { readPlan } from "./stored.ts";

/**
 * Ends the wait for a first boot's report in place of the guest (design: install, "until the guest reports, an administrator ends it, or
 * the time is up"): the install is done, and says that it is.
 *
 * @throws SlipwayError `unknown_object`, `conflict` where the install doesn't wait for one, `node_unreachable`
 */
export async function confirmInstall(ctx: RequestContext, id: string): Promise<InstallView> {
  const { db, agents, keyring } = ctx.services;
  const row = z.uuid().safeParse(id).success ? await db.install.findUnique({ where: { id }, include: { instance: { select: { name: true, ownerId: true } } } }) : null;
  if (row === null) throw unknownObject("install", id.slice(0, 64));
  await requireAccess(ctx, "install.confirm", { kind: "install", name: id, ownerId: row.instance.ownerId });
  if (isFinal(row.state)) throw new SlipwayError("conflict", "The install has ended.", { field: "install" });
  if (readPlan(row.plan).completion !== "first_boot") throw new SlipwayError("conflict", "The install doesn't wait for a system to say that it works.", { field: "install" });
  if (!row.acknowledged) throw new SlipwayError("conflict", "The install has not begun on its node yet.", { field: "install" });
  // The agent refuses where it isn't at that point.
  const status = await (await agents.client(row.nodeId)).completeInstall(id);
  await db.$transaction(async (tx) => {
    await appendAudit(tx, ctx, { action: "install.confirm", object: { kind: "install", name: id }, outcome: "done", details: { instance: row.instance.name } });
    await appendEvents(tx, await applyStatuses(tx, keyring, row.jobId, [status], null));
  });
  return getInstall(ctx, id);
}
