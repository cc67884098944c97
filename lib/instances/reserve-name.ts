import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/**
 * Makes sure that nobody has a name or is about to get it: an instance gets its new name only once the script has said that its system
 * has it, and must find it free then. Who asks for the same name at the same moment waits for this transaction.
 *
 * @param jobId the job that the name is for: it doesn't stand in its own way.
 * @param field as the request has the name
 * @throws SlipwayError `exists`, `conflict` where another instance is being renamed so
 */
export async function reserveName(tx: Transaction, name: string, jobId: number, field = "name"): Promise<void> {
  await tx.$queryRaw(Prisma.sql`SELECT pg_advisory_xact_lock(hashtextextended(${`slipway instance ${name}`}, 0))::text`);
  if ((await tx.instance.count({ where: { name } })) > 0) throw nameTaken(name, field);
  const [other] = await tx.$queryRaw<{ id: number }[]>(Prisma.sql`
    SELECT id FROM job WHERE status IN ('queued', 'running', 'canceling') AND id <> ${jobId}
      AND request->>'kind' = 'instance.rename' AND request->>'newName' = ${name} LIMIT 1`);
  // Whose, and by which job, is no concern of who asks.
  if (other !== undefined) throw new SlipwayError("conflict", `Another instance is just being given the name ${name}.`, { field });
}

export function nameTaken(name: string, field = "name"): SlipwayError {
  return new SlipwayError("exists", `There is an instance ${name} already.`, { field });
}
