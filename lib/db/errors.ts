/**
 * What a failed statement means. Told apart by code and not by class: the server and its bundled pages each load a copy of
 * the client.
 */
import { z } from "zod";

function prismaCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** Of a statement in SQL, the adapter's word for what PostgreSQL said. */
const rawViolationSchema = z.object({ code: z.literal("P2010"), meta: z.object({ driverAdapterError: z.object({ cause: z.object({ kind: z.literal("UniqueConstraintViolation") }) }) }) });

/** A row with this unique value is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return prismaCode(error) === "P2002" || rawViolationSchema.safeParse(error).success;
}

/** The row to change or delete isn't there (any more). */
export function isRowMissing(error: unknown): boolean {
  return prismaCode(error) === "P2025";
}

/** The transaction lost against another one and may be tried again from its start. */
export function isSerializationFailure(error: unknown): boolean {
  return prismaCode(error) === "P2034";
}
