import { z } from "zod";
import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { InstallView } from "#lib/domain/views.ts";
import { expectedSeconds } from "./expected-seconds.ts";
import type { InstallRow } from "./install-view.ts";
import { INSTALL_VIEW, installView } from "./install-view.ts";

/** @throws SlipwayError `unknown_object` */
export async function getInstall(ctx: RequestContext, id: string): Promise<InstallView> {
  const row = await readInstall(ctx, id);
  const { db } = ctx.services;
  const [expected, receipts] = await Promise.all([expectedSeconds(db, [row.definitionVersionId]), db.receipt.count({ where: { installId: id } })]);
  return installView(row, expected.get(row.definitionVersionId ?? "") ?? null, receipts > 0);
}

/** An install, for somebody who may see its instance. */
export async function readInstall(ctx: RequestContext, id: string): Promise<InstallRow> {
  if (!z.uuid().safeParse(id).success) throw unknownObject("install", id.slice(0, 64));
  const row = await ctx.services.db.install.findUnique({ where: { id }, include: INSTALL_VIEW });
  if (row === null) throw unknownObject("install", id);
  await requireAccess(ctx, "install.read", { kind: "install", name: id, ownerId: row.instance.ownerId });
  return row;
}
