import type { Keyring } from "#lib/context/context.ts";
import type { Prisma, Transaction } from "#lib/db/client.ts";
import type { BroughtInstance, BroughtParameter } from "#lib/domain/plan-ganeti-import.ts";

/** Instances a statement: few enough that a statement stays small with all their NICs. */
const BATCH = 1_000;

export interface InstanceReferences {
  /** Ids by name. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly definitions: ReadonlyMap<string, string>;
}

/**
 * Rows for instances of another cluster, with the ids that they had there. Nothing is installed on them by Slipway, and what
 * their agent would say of them isn't known yet. They belong to nobody: administrators give them to their owners.
 */
export async function writeInstances(tx: Transaction, keyring: Keyring, instances: readonly BroughtInstance[], references: InstanceReferences): Promise<void> {
  for (let from = 0; from < instances.length; from += BATCH) {
    const batch = instances.slice(from, from + BATCH);
    await tx.instance.createMany({ data: batch.map((instance) => instanceRow(instance, references)) });
    await tx.instanceDisk.createMany({ data: batch.flatMap(({ id, disks }) => disks.map((disk, index) => ({ instanceId: id, index, ...disk }))) });
    await tx.instanceNic.createMany({ data: batch.flatMap(({ id, nics }) => nics.map((nic, index) => ({ instanceId: id, index, ...nic }))) });
    await tx.instanceParameter.createMany({ data: batch.flatMap(({ id, parameters }) => parameters.map((parameter) => parameterRow(keyring, id, parameter))) });
  }
}

function instanceRow(instance: BroughtInstance, { nodes, definitions }: InstanceReferences): Prisma.InstanceCreateManyInput {
  const { id, name, os, vcpus, memoryMib, tags, communication, adminState, createdAt } = instance;
  const nodeId = nodes.get(instance.node);
  const definitionId = os === null ? null : definitions.get(os.name);
  if (nodeId === undefined || definitionId === undefined) throw new Error(`the plan brings instance ${name} without its node or OS definition`);
  return {
    id,
    name,
    nodeId,
    definitionId,
    variant: os?.variant ?? null,
    vcpus,
    memoryMib,
    tags: [...tags],
    communication,
    adminState,
    operState: null,
    installState: null,
    ...(createdAt === null ? {} : { createdAt: new Date(Math.floor(createdAt * 1_000)) }),
  };
}

function parameterRow(keyring: Keyring, instanceId: string, parameter: BroughtParameter): Prisma.InstanceParameterCreateManyInput {
  const { name, visibility } = parameter;
  const row = { instanceId, name, visibility, publicValue: null, privateValue: null };
  switch (visibility) {
    case "public":
      return { ...row, publicValue: parameter.value };
    case "private":
      return { ...row, privateValue: keyring.seal(parameter.value, { kind: "instance", instanceId, name }) };
    case "secret":
      return row;
  }
}
