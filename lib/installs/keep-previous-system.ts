import type { Install, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { readPlan } from "./stored.ts";

type Before = Extract<JobRequest, { readonly kind: "instance.reinstall" }>["before"];

/**
 * What is known of the system that an install has replaced, kept as long as its disks are: a rollback swaps both (design: install,
 * "`rollback` swaps back"). Rows of parameters go over as they are, encrypted. One that was kept before is replaced; where no disk is
 * kept nothing changes. Must run before the instance's row and parameters are those of the new system.
 */
export async function keepPreviousSystem(tx: Transaction, install: Pick<Install, "id" | "instanceId" | "plan" | "previousHostKeys">, before: Before): Promise<void> {
  const seconds = readPlan(install.plan).retainPreviousSeconds ?? 0;
  if (seconds <= 0) return;
  const { instanceId } = install;
  const instance = await tx.instance.findUniqueOrThrow({ where: { id: instanceId }, select: { definitionId: true, variant: true, installSource: true, hostKeys: true } });
  const hostKeys = install.previousHostKeys ?? instance.hostKeys;
  await tx.previousSystem.deleteMany({ where: { instanceId } });
  await tx.previousSystem.create({
    data: {
      instanceId,
      keptAs: install.id,
      until: new Date(Date.now() + seconds * 1_000),
      definitionId: instance.definitionId,
      variant: instance.variant,
      installSource: instance.installSource ?? {},
      hostKeys: hostKeys ?? Prisma.DbNull,
      installState: before.installState,
      installId: before.installId,
    },
    select: { instanceId: true },
  });
  // A rotation of keys that writes these rows at this moment is waited for.
  await tx.$executeRaw(Prisma.sql`
    INSERT INTO previous_parameter (instance_id, name, visibility, public_value, private_value)
    SELECT instance_id, name, visibility, public_value, private_value FROM instance_parameter WHERE instance_id = ${instanceId}::uuid ORDER BY name FOR UPDATE`);
}
