import type { Keyring } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { BroughtInstance, BroughtParameter } from "#lib/domain/plan-ganeti-import.ts";

/** Instances a statement: a document of a megabyte or so. */
const BATCH = 1_000;

export interface InstanceReferences {
  /** Ids by name. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly definitions: ReadonlyMap<string, string>;
}

/**
 * Rows for instances of another cluster, with the ids that they had there. Nothing is installed on them by Slipway, and what
 * their agent would say of them isn't known yet. They belong to nobody: administrators alone see them.
 *
 * Each table gets its rows as one JSON document a batch: five times as fast as a parameter for every field.
 */
export async function writeInstances(tx: Transaction, keyring: Keyring, instances: readonly BroughtInstance[], references: InstanceReferences): Promise<void> {
  for (let from = 0; from < instances.length; from += BATCH) {
    const batch = instances.slice(from, from + BATCH);
    const rows = JSON.stringify(batch.map((instance) => instanceRow(instance, references)));
    const disks = JSON.stringify(batch.flatMap(({ id, disks: list }) => list.map(({ sizeMib, name }, index) => ({ instance_id: id, index, size_mib: sizeMib, name }))));
    const nics = JSON.stringify(batch.flatMap(({ id, nics: list }) => list.map((nic, index) => ({ instance_id: id, index, ...nic }))));
    const parameters = JSON.stringify(batch.flatMap(({ id, parameters: list }) => list.map((parameter) => parameterRow(keyring, id, parameter))));
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO instance (id, name, node_id, definition_id, variant, vcpus, memory_mib, tags, communication, admin_state, created_at, updated_at)
      SELECT id, name, node_id, definition_id, variant, vcpus, memory_mib, tags, communication, admin_state, coalesce(to_timestamp(created_at), now()), now()
      FROM json_to_recordset(${rows}::json) AS r(id uuid, name text, node_id uuid, definition_id uuid, variant text, vcpus int, memory_mib int, tags text[],
        communication boolean, admin_state "PowerState", created_at double precision)`);
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO instance_disk (instance_id, index, size_mib, name)
      SELECT instance_id, index, size_mib, name FROM json_to_recordset(${disks}::json) AS r(instance_id uuid, index int, size_mib int, name text)`);
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO instance_nic (instance_id, index, mac, ip, mode, link, name)
      SELECT instance_id, index, mac, ip, mode, link, name
      FROM json_to_recordset(${nics}::json) AS r(instance_id uuid, index int, mac text, ip text, mode text, link text, name text)`);
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO instance_parameter (instance_id, name, visibility, public_value, private_value, updated_at)
      SELECT instance_id, name, visibility, public_value, decode(sealed, 'hex'), now()
      FROM json_to_recordset(${parameters}::json) AS r(instance_id uuid, name text, visibility "Visibility", public_value text, sealed text)`);
  }
}

function instanceRow(instance: BroughtInstance, { nodes, definitions }: InstanceReferences) {
  const { id, name, os, vcpus, memoryMib, tags, communication, adminState, createdAt } = instance;
  const nodeId = nodes.get(instance.node);
  const definitionId = os === null ? null : definitions.get(os.name);
  if (nodeId === undefined || definitionId === undefined) throw new Error(`the plan brings instance ${name} without its node or OS definition`);
  return {
    id,
    name,
    node_id: nodeId,
    definition_id: definitionId,
    variant: os?.variant ?? null,
    vcpus,
    memory_mib: memoryMib,
    tags,
    communication,
    admin_state: adminState,
    // Whole milliseconds: the lists' cursors have no more.
    created_at: createdAt === null ? null : Math.floor(createdAt * 1_000) / 1_000,
  };
}

function parameterRow(keyring: Keyring, instanceId: string, parameter: BroughtParameter) {
  const { name, visibility } = parameter;
  const row = { instance_id: instanceId, name, visibility };
  switch (visibility) {
    case "public":
      return { ...row, public_value: parameter.value };
    case "private":
      return { ...row, sealed: Buffer.from(keyring.seal(parameter.value, { kind: "instance", instanceId, name })).toString("hex") };
    case "secret":
      return row;
  }
}
