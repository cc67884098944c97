import type { InstallOrder, InstanceSpec, NicSpec } from "#lib/agent-protocol/messages.ts";
import type { ParameterSet } from "#lib/domain/parameters.ts";
import { parseSshPublicKey } from "#lib/domain/ssh-keys.ts";
import type { Private } from "#lib/domain/visibility.ts";

/** Version of what the appliance's runner and the agent have agreed on. */
const CONTRACT = 1;

/** The serial by which the guest finds a disk, the definition's read-only image, and the appliance's full userland. */
export function diskSerial(index: number): string {
  return `disk-${String(index)}`;
}
export const IMAGE_SERIAL = "os-image";
export const ROOT_SERIAL = "appliance-root";

/**
 * `/ganeti/<version>/meta_data.json`: what the runner needs beside the parameters (design: "The service"). Holds the
 * run's one-time token, so it is served to this guest and never logged. `disks`: indexes of those that are attached.
 */
export function buildMetadata(order: InstallOrder, { token, script, disks }: { readonly token: string; readonly script: string; readonly disks: ReadonlySet<number> }): string {
  const { instance, os } = order;
  return JSON.stringify({
    contract: CONTRACT,
    operation: order.operation,
    script,
    install: { id: order.id, token },
    appliance: { rootSerial: os.appliance === "full" ? ROOT_SERIAL : null },
    os: { name: os.definition, variant: os.variant, apiVersion: os.apiVersion, imageSerial: os.imageDigest === null ? null : IMAGE_SERIAL, imageUse: os.imageUse },
    instance: describeInstance(instance, order.primaryNode, disks),
  });
}

/** The same for a guest in normal running: what it is, and nothing of an install. */
export function buildInstanceMetadata(spec: InstanceSpec, node: string): string {
  return JSON.stringify({ contract: CONTRACT, operation: null, instance: describeInstance(spec, node, new Set(spec.disks.map(({ index }) => index))) });
}

function describeInstance(instance: InstanceSpec, primaryNode: string, disks: ReadonlySet<number>): unknown {
  return {
    name: instance.name,
    uuid: instance.id,
    hypervisor: "kvm",
    primaryNode,
    memoryMiB: instance.memoryMib,
    vcpus: instance.vcpus,
    tags: instance.tags,
    disks: instance.disks
      .filter(({ index }) => disks.has(index))
      .map((disk) => ({ serial: diskSerial(disk.index), sizeMiB: disk.sizeMib, access: "rw", name: disk.name, uuid: disk.id })),
    nics: instance.nics.map(describeNic),
    // For scripts that set logins up in a system without cloud-init. What isn't a key is left out, as in the other trees.
    sshKeys: instance.sshKeys.map((line) => line.trim()).filter((line) => parseSshPublicKey(line) !== null),
    be: {},
    // Every instance has one; scripts that Ganeti's interface tells so set a login up on it.
    hv: { serial_console: true },
  };
}

/** Without a network all that a network has is null, and no name servers. */
function describeNic({ mac, ip, mode, link, name, id, network }: NicSpec): unknown {
  const { subnet = null, gateway = null, subnet6 = null, gateway6 = null, dns = [] } = network ?? {};
  return { mac, ip, mode, link, network: network?.name ?? null, subnet, gateway, subnet6, gateway6, dns, bridge: mode === "bridged" ? link : null, name, uuid: id };
}

/** `/ganeti/<version>/os/parameters.json`: the agent gives the guest its parameters, `{"name": ["value", "visibility"]}`. */
export function buildParameters(parameters: ParameterSet): string {
  const document: Record<string, [string, string]> = {};
  for (const [name, parameter] of parameters) {
    // The instance itself is the one reader of its values (design: visibility, "metadata service, to the instance itself").
    document[name] = [parameter.visibility === "public" ? parameter.value : parameter.value.open(), parameter.visibility];
  }
  return JSON.stringify(document);
}

/** User data as they were given: the instance's cloud-init is their one reader. */
export function buildUserData(userData: Private<string>): string {
  return userData.open();
}
