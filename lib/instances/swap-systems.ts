import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";

export interface Swap {
  /** Under which the node keeps the disks of what ran until now: the rollback's order. */
  readonly keptAs: string;
  readonly retainSeconds: number;
  readonly before: Extract<JobRequest, { readonly kind: "instance.rollback" }>["before"];
}

/**
 * Swaps what is stored about an instance's system with what is stored about its previous one: definition, source, host keys, the install
 * that made it, and parameters, whose encrypted rows go over as they are. Where nothing is kept, what ran is forgotten.
 */
export async function swapSystems(tx: Transaction, instanceId: string, { keptAs, retainSeconds, before }: Swap): Promise<void> {
  // A rotation of keys that writes these rows at this moment is waited for, and waits.
  await tx.$queryRaw(Prisma.sql`SELECT 1 FROM instance_parameter WHERE instance_id = ${instanceId}::uuid ORDER BY name FOR UPDATE`);
  await tx.$queryRaw(Prisma.sql`SELECT 1 FROM previous_parameter WHERE instance_id = ${instanceId}::uuid ORDER BY name FOR UPDATE`);
  const instance = await tx.instance.findUniqueOrThrow({ where: { id: instanceId }, include: { parameters: true } });
  const previous = await tx.previousSystem.findUniqueOrThrow({ where: { instanceId }, include: { parameters: true } });
  await tx.previousParameter.deleteMany({ where: { instanceId } });
  await tx.instanceParameter.deleteMany({ where: { instanceId } });
  await tx.instanceParameter.createMany({ data: previous.parameters.map(parameterRow) });
  if (retainSeconds > 0) {
    await tx.previousSystem.update({
      where: { instanceId },
      data: {
        keptAs,
        until: new Date(Date.now() + retainSeconds * 1_000),
        definitionId: instance.definitionId,
        variant: instance.variant,
        installSource: instance.installSource ?? {},
        hostKeys: instance.hostKeys ?? Prisma.DbNull,
        installState: before.installState,
        installId: before.installId,
      },
      select: { instanceId: true },
    });
    await tx.previousParameter.createMany({ data: instance.parameters.map(parameterRow) });
  } else {
    await tx.previousSystem.delete({ where: { instanceId }, select: { instanceId: true } });
  }
  await tx.instance.update({
    where: { id: instanceId },
    data: {
      definitionId: await stillThere(previous.definitionId, (id) => tx.osDefinition.count({ where: { id } })),
      variant: previous.variant,
      installSource: previous.installSource ?? {},
      hostKeys: previous.hostKeys ?? Prisma.DbNull,
      installState: previous.installState,
      currentInstallId: await stillThere(previous.installId, (id) => tx.install.count({ where: { id } })),
    },
    select: { id: true },
  });
}

/** What has been removed meanwhile can't be pointed to. */
async function stillThere(id: string | null, count: (id: string) => Promise<number>): Promise<string | null> {
  return id !== null && (await count(id)) > 0 ? id : null;
}

function parameterRow({ instanceId, name, visibility, publicValue, privateValue }: Prisma.PreviousParameterCreateManyInput): Prisma.PreviousParameterCreateManyInput {
  return { instanceId, name, visibility, publicValue: publicValue ?? null, privateValue: privateValue ?? null };
}
