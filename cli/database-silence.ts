import { z } from "zod";

/** Node's and Prisma's codes for a server that nobody can reach. */
const code = z.enum(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "P1001", "P1002"]);

/** The forms in which such an error comes: of a query, of a raw one, and of a connection for a transaction, which is Node's own. */
const unreachable = z.union([
  z.object({ name: z.string().regex(/^PrismaClient/), code }),
  z.object({ name: z.string().regex(/^PrismaClient/), meta: z.object({ driverAdapterError: z.object({ cause: z.object({ kind: z.literal("DatabaseNotReachable") }) }) }) }),
  z.object({ syscall: z.enum(["connect", "getaddrinfo"]), code }),
]);

/** What to say of an error because there is no database to talk to, without a full stop; null for any other error. */
export function databaseSilence(error: unknown): string | null {
  if (!unreachable.safeParse(error).success) return null;
  return "the database doesn't answer: npm run up starts it, unless DATABASE_URL names a PostgreSQL, which has to run";
}
