import type { Transaction } from "#lib/db/client.ts";
import type { StoredBlob } from "./blob-files.ts";

/** A row for content, so that other rows can refer to it. */
export async function recordBlob(tx: Transaction, { digest, sizeBytes }: StoredBlob): Promise<void> {
  await tx.blob.upsert({ where: { digest }, create: { digest, sizeBytes: BigInt(sizeBytes) }, update: {}, select: { digest: true } });
}
