import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/** Among the advisory locks of the database (lib/events/append-events.ts has another). */
const CONTENT_LOCK = 736_010;

/** Contents of files are shared between definitions: many may be stored at once, and none while one of them is removed. */
export async function lockContents(tx: Transaction, mode: "store" | "remove"): Promise<void> {
  await tx.$executeRaw(mode === "store" ? Prisma.sql`SELECT pg_advisory_xact_lock_shared(${CONTENT_LOCK})` : Prisma.sql`SELECT pg_advisory_xact_lock(${CONTENT_LOCK})`);
}

/** Changes of one definition take turns. An instance or install that comes to refer to it waits as well. */
export async function lockDefinition(tx: Transaction, name: string): Promise<void> {
  await tx.$executeRaw(Prisma.sql`SELECT 1 FROM os_definition WHERE name = ${name} FOR UPDATE`);
}

/** Uploads of one user take turns, so that what each may still store is counted once. */
export async function lockUploads(tx: Transaction, userId: string): Promise<void> {
  await tx.$executeRaw(Prisma.sql`SELECT 1 FROM "user" WHERE id = ${userId}::uuid FOR NO KEY UPDATE`);
}
