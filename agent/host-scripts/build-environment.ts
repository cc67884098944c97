import type { InstallOrder, InstanceSpec, NicSpec } from "#lib/agent-protocol/messages.ts";
import type { PlannedScript } from "#lib/domain/install-plan.ts";
import { parseSshPublicKey } from "#lib/domain/ssh-keys.ts";
import type { Sealed } from "#lib/domain/visibility.ts";
import { type HostEnvironment, SCRIPT_PLACES } from "./host-scripts.ts";

export interface EnvironmentInput {
  readonly order: InstallOrder;
  readonly script: PlannedScript;
  /** Indexes of the instance's disks that the script gets: at the same place in `diskPaths` of the run. */
  readonly disks: readonly number[];
  /** For which of these `import` or `export` is called this time: once for each. Null: another script. */
  readonly disk: number | null;
  /** Whether the guest can be talked with. */
  readonly hasPipe: boolean;
}

const API_VERSION = "20";

/**
 * The environment of Ganeti's OS interface, API version 20, for a script on the host (design: install, "in the appliance as on the
 * host"): names and values as appliance/runner/environment.c builds them, but for the disks, which are files here. Parameters of
 * class private and secret stay sealed.
 *
 * @throws Error where the order is for no definition, or a disk isn't the instance's
 */
export function buildHostEnvironment({ order, script, disks, disk, hasPipe }: EnvironmentInput): HostEnvironment {
  const { instance, os, parameters } = order;
  if (os === null) throw new Error("an order without a definition has no script");
  const variant = os.variant ?? "";
  const access = script === "export" ? "ro" : "rw";
  const environment = new Map<string, string | Sealed<string>>([
    ["PATH", "/sbin:/bin:/usr/sbin:/usr/bin"],
    ["OS_API_VERSION", API_VERSION],
    ["DEBUG_LEVEL", "0"],
    ["OS_NAME", os.definition],
    ["OS_VARIANT", variant],
    ["INSTANCE_OS", variant === "" ? os.definition : `${os.definition}+${variant}`],
    ["INSTANCE_NAME", instance.name],
    ["INSTANCE_UUID", instance.id],
    ["INSTANCE_PRIMARY_NODE", order.primaryNode],
    ["INSTANCE_SECONDARY_NODES", ""],
    ["HYPERVISOR", "kvm"],
    ...(order.operation === "reinstall" ? [["INSTANCE_REINSTALL", "1"] as const] : []),
    ...disks.flatMap((index, place) => describeDisk(instance, index, place, access)),
    ["DISK_COUNT", String(disks.length)],
    ...instance.nics.flatMap((nic, place) => describeNic(nic, place)),
    ["NIC_COUNT", String(instance.nics.length)],
    ["INSTANCE_TAGS", instance.tags.join(" ")],
    ...describeSshKeys(instance.sshKeys),
    // Every instance has one; scripts that Ganeti's interface tells so set a login up on it.
    ["INSTANCE_HV_serial_console", "True"],
    ["INSTANCE_BE_vcpus", String(instance.vcpus)],
    ["INSTANCE_BE_memory", String(instance.memoryMib)],
  ]);
  // As a layer it has become part of the system, and is nothing that a script unpacks.
  if (os.imageDigest !== null && os.imageUse !== "layer") environment.set("SLIPWAY_OS_IMAGE", SCRIPT_PLACES.image);
  if (hasPipe) environment.set("SLIPWAY_PIPE", SCRIPT_PLACES.pipe);
  if (script === "rename" && order.oldName !== null) environment.set("OLD_INSTANCE_NAME", order.oldName);
  if (disk !== null) {
    const place = disks.indexOf(disk);
    if (place < 0) throw new Error("the disk isn't one of those that the script gets");
    const prefix = script === "import" ? "IMPORT" : "EXPORT";
    environment.set(`${prefix}_DEVICE`, SCRIPT_PLACES.disk(place));
    environment.set(`${prefix}_INDEX`, String(place));
  }
  for (const [name, parameter] of parameters) environment.set(`OSP_${name.toUpperCase()}`, parameter.value);
  return environment;
}

type Variable = readonly [name: string, value: string];

function describeDisk(instance: InstanceSpec, index: number, place: number, access: "ro" | "rw"): Variable[] {
  const disk = instance.disks.find((one) => one.index === index);
  if (disk === undefined) throw new Error("the disk isn't the instance's");
  return present(`DISK_${String(place)}`, {
    PATH: SCRIPT_PLACES.disk(place),
    ACCESS: access,
    SIZE: String(disk.sizeMib),
    NAME: disk.name,
    UUID: disk.id,
    FRONTEND_TYPE: "paravirtual",
    // As Ganeti calls a disk that is a file: a script that needs a block device puts it into a loop device.
    BACKEND_TYPE: "file:loop",
  });
}

/** Nothing that the network lacks is there. Name servers are ours: Ganeti's networks have none. */
function describeNic({ mac, id, name, ip, mode, link, network }: NicSpec, place: number): Variable[] {
  const dns = network?.dns ?? [];
  return present(`NIC_${String(place)}`, {
    MAC: mac,
    UUID: id,
    NAME: name,
    IP: ip,
    MODE: mode,
    LINK: link,
    BRIDGE: mode === "bridged" ? link : null,
    NETWORK_NAME: network?.name ?? null,
    NETWORK_SUBNET: network?.subnet ?? null,
    NETWORK_GATEWAY: network?.gateway ?? null,
    NETWORK_SUBNET6: network?.subnet6 ?? null,
    NETWORK_GATEWAY6: network?.gateway6 ?? null,
    NETWORK_DNS: dns.length === 0 ? null : dns.join(" "),
    FRONTEND_TYPE: "paravirtual",
  });
}

function describeSshKeys(keys: readonly string[]): Variable[] {
  const lines = keys.map((line) => line.trim()).filter((line) => parseSshPublicKey(line) !== null);
  return lines.length === 0 ? [] : [["SLIPWAY_SSH_KEYS", lines.join("\n")]];
}

function present(prefix: string, values: Readonly<Record<string, string | null>>): Variable[] {
  return Object.entries(values).flatMap(([name, value]): Variable[] => (value === null ? [] : [[`${prefix}_${name}`, value]]));
}
