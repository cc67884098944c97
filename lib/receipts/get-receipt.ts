import { z } from "zod";
import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { dsseEnvelopeSchema } from "#lib/domain/dsse.ts";
import type { ReceiptView } from "#lib/domain/receipt-views.ts";

/**
 * The receipt of an install that has ended. It outlives install and instance; while the instance is there its owner reads it, afterwards
 * who was the owner at the install's end.
 *
 * @throws SlipwayError `unknown_object`
 */
export async function getReceipt(ctx: RequestContext, installId: string): Promise<ReceiptView> {
  const { db } = ctx.services;
  const row = z.uuid().safeParse(installId).success ? await db.receipt.findUnique({ where: { installId } }) : null;
  if (row === null) throw unknownObject("receipt", installId.slice(0, 64));
  const instance = await db.instance.findUnique({ where: { id: row.instanceId }, select: { ownerId: true } });
  await requireAccess(ctx, "receipt.read", { kind: "receipt", name: installId, ownerId: instance === null ? row.ownerId : instance.ownerId });
  return { installId, instanceName: row.instanceName, keyId: row.keyId, createdAt: row.createdAt.toISOString(), envelope: dsseEnvelopeSchema.parse(row.envelope) };
}
