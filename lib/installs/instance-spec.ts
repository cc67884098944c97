import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import type { Instance, InstanceDisk, InstanceNic } from "#lib/db/client.ts";

/** What a node needs to know of an instance. */
export function instanceSpec(instance: Instance & { readonly disks: readonly InstanceDisk[]; readonly nics: readonly InstanceNic[] }): InstanceSpec {
  return {
    id: instance.id,
    name: instance.name,
    vcpus: instance.vcpus,
    memoryMib: instance.memoryMib,
    disks: instance.disks.toSorted((a, b) => a.index - b.index).map(({ id, index, sizeMib, name }) => ({ id, index, sizeMib, name })),
    nics: instance.nics.toSorted((a, b) => a.index - b.index).map(({ id, index, mac, ip, mode, link, name }) => ({ id, index, mac, ip, mode, link, name })),
    tags: [...instance.tags],
  };
}
