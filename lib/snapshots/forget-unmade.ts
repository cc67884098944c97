import type { Transaction } from "#lib/db/client.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";

/** A snapshot whose job came to nothing isn't there, and its name is free again. */
export async function forgetUnmadeSnapshot(tx: Transaction, request: JobRequest): Promise<void> {
  if (request.kind === "instance.snapshot" && request.action === "snapshot") await tx.diskSnapshot.deleteMany({ where: { id: request.snapshotId, usedMib: null } });
}
