import { createPublicKey } from "node:crypto";
import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { publicKeyId } from "#lib/domain/dsse.ts";
import type { ReceiptKeyView } from "#lib/domain/receipt-views.ts";

/** The public keys by which receipts of this cluster are verified, those out of use included; a rotation makes one. Newest first. */
export async function listReceiptKeys(ctx: RequestContext): Promise<ReceiptKeyView[]> {
  await requireAccess(ctx, "receipt.keys", { kind: "receipt", name: null, ownerId: null });
  const rows = await ctx.services.db.dataKey.findMany({ where: { purpose: "receipts" }, orderBy: { createdAt: "desc" }, select: { publicKey: true, createdAt: true, retiredAt: true } });
  return rows.flatMap(({ publicKey, createdAt, retiredAt }) =>
    publicKey === null ? [] : [{ keyId: publicKeyId(createPublicKey(publicKey)), publicKey, createdAt: createdAt.toISOString(), retiredAt: retiredAt?.toISOString() ?? null }],
  );
}
