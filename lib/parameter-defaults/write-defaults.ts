import type { PublicFacts } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { PARAMETER_LIMITS } from "#lib/domain/parameters.ts";
import type { DefaultChanges } from "./changes.ts";

/** What defaults belong to: both null for the whole cluster. */
export interface DefaultsPlace {
  readonly definitionId: string | null;
  readonly variant: string | null;
}

/**
 * Writes the defaults that are named, and no others (design: visibility, row "instance record in PostgreSQL": private ones only
 * encrypted). Whoever calls holds the lock of the place's own row, so that two changes take turns.
 *
 * @throws SlipwayError `too_large` where the place would have more than an install may be given.
 */
export async function writeDefaults(tx: Transaction, ctx: RequestContext, place: DefaultsPlace, changes: DefaultChanges): Promise<void> {
  const { keyring } = ctx.services;
  await tx.parameterDefault.deleteMany({ where: { ...place, name: { in: [...changes.set.keys(), ...changes.removed] } } });
  await tx.parameterDefault.createMany({
    data: [...changes.set].map(([name, parameter]) => ({
      ...place,
      name,
      visibility: parameter.visibility,
      publicValue: parameter.visibility === "public" ? parameter.value : null,
      privateValue: parameter.visibility === "private" ? keyring.seal(parameter.value, { kind: "default", ...place, name }) : null,
      updatedBy: ctx.identity.name,
    })),
  });
  const [total] = await tx.$queryRaw<{ count: bigint; bytes: bigint }[]>(Prisma.sql`
    SELECT count(*) AS count, coalesce(sum(coalesce(octet_length(public_value), octet_length(private_value))), 0) AS bytes FROM parameter_default
    WHERE definition_id IS NOT DISTINCT FROM ${place.definitionId}::uuid AND variant IS NOT DISTINCT FROM ${place.variant}::text`);
  if ((total?.count ?? 0n) > PARAMETER_LIMITS.count || (total?.bytes ?? 0n) > PARAMETER_LIMITS.totalBytes) {
    throw new SlipwayError("too_large", `There would be more than ${PARAMETER_LIMITS.count} defaults here, or more than ${PARAMETER_LIMITS.totalBytes} bytes of them.`, { field: "osparams" });
  }
}

/** What the audit log says of a change: names by class. */
export function defaultFacts({ set, removed }: DefaultChanges): PublicFacts {
  const ofClass = (visibility: "public" | "private"): string[] => [...set].filter(([, parameter]) => parameter.visibility === visibility).map(([name]) => name);
  return { publicDefaults: ofClass("public"), privateDefaults: ofClass("private"), removedDefaults: removed };
}
