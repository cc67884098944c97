import type { InstallOrder, InstanceSpec, NicSpec } from "#lib/agent-protocol/messages.ts";
import type { ParameterSet } from "#lib/domain/parameters.ts";
import { parseSshPublicKey } from "#lib/domain/ssh-keys.ts";
import type { Private } from "#lib/domain/visibility.ts";

/** Version of what a guest in normal running is told: it has grown, and nothing of it has changed. */
const CONTRACT = 2;

/** The serial by which the guest finds a disk, the definition's read-only image, and the appliance's full userland. */
export function diskSerial(index: number): string {
  return `disk-${String(index)}`;
}
export const IMAGE_SERIAL = "os-image";
export const ROOT_SERIAL = "appliance-root";

/** What one start of the appliance is for (appliance/README.md, "What the appliance asks"). */
export const APPLIANCE_SCRIPTS = ["create", "verify", "import", "export", "rename", "personalize"] as const;
export type ApplianceScript = (typeof APPLIANCE_SCRIPTS)[number];

export interface RunnerMetadata {
  /** The run's one-time token. */
  readonly token: string;
  readonly script: ApplianceScript;
  /** Indexes of the disks that are attached. */
  readonly disks: ReadonlySet<number>;
}

/** Whether a run takes place in the full userland, whose disk has to be attached then. */
export function needsFullAppliance(order: InstallOrder, script: ApplianceScript): boolean {
  return script === "personalize" || order.os?.appliance === "full";
}

/**
 * `/ganeti/<version>/meta_data.json`: what the runner needs beside the parameters (design: "The service"). Holds the
 * run's one-time token, so it is served to this guest and never logged. An appliance is told in its own contract.
 */
export function buildMetadata(order: InstallOrder, { token, script, disks }: RunnerMetadata): string {
  const { instance, os } = order;
  // An export only reads, and its disks are attached so.
  const described = describeInstance(instance, order.primaryNode, disks, script === "export" ? "ro" : "rw");
  return JSON.stringify({
    contract: order.appliance?.contract ?? CONTRACT,
    operation: order.operation,
    script,
    install: { id: order.id, token },
    appliance: { rootSerial: needsFullAppliance(order, script) ? ROOT_SERIAL : null },
    // The product's own program has nothing of a definition around it.
    os: script === "personalize" || os === null ? null : { name: os.definition, variant: os.variant, apiVersion: os.apiVersion, imageSerial: os.imageDigest === null ? null : IMAGE_SERIAL, imageUse: os.imageUse },
    oldName: order.oldName,
    instance: described,
  });
}

/** An install that ends by the guest's own report: of a medium's system, or of one at its first boot. */
export interface ReportingInstall {
  readonly id: string;
  readonly operation: InstallOrder["operation"];
  /** With which it reports, once. */
  readonly token: string;
}

/** The same for a guest in normal running: what it is, and of an install only what it is to report. */
export function buildInstanceMetadata(spec: InstanceSpec, node: string, install: ReportingInstall | null = null): string {
  const about = install === null ? { operation: null } : { operation: install.operation, install: { id: install.id, token: install.token } };
  return JSON.stringify({ contract: CONTRACT, ...about, instance: describeInstance(spec, node, new Set(spec.disks.map(({ index }) => index)), "rw") });
}

function describeInstance(instance: InstanceSpec, primaryNode: string, disks: ReadonlySet<number>, access: "ro" | "rw"): unknown {
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
      .map((disk) => ({ serial: diskSerial(disk.index), index: disk.index, sizeMiB: disk.sizeMib, access, name: disk.name, uuid: disk.id })),
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
