import type { InstanceDetail, InstanceStatus, InstanceSummary } from "#lib/domain/instance.ts";
import { DEFAULT_BACKEND, DEFAULT_NIC } from "./cluster-defaults.ts";
import { objectTime } from "./timestamps.ts";

/** As much of an instance as Ganeti's clients are told. */
export type GanetiInstance = InstanceSummary & Pick<InstanceDetail, "serialNo" | "disks" | "nics">;

/** Ganeti's word for the state of an instance, from ours. */
function ganetiStatus(status: InstanceStatus, instance: GanetiInstance): string {
  switch (status) {
    case "running":
      return "running";
    case "stopped":
      return "ADMIN_down";
    case "error_up":
      return "ERROR_up";
    case "error_down":
      return "ERROR_down";
    case "node_unreachable":
      return "ERROR_nodedown";
    case "installing":
    case "install_failed":
    case "not_installed":
      // Ganeti has no word for these. What it would say of an instance in that power state.
      if (instance.operState === "running") return instance.adminState === "running" ? "running" : "ERROR_up";
      return instance.adminState === "running" ? "ERROR_down" : "ADMIN_down";
  }
}

/** An instance as `/2/instances/NAME` and the bulk list have it, field for field and in Ganeti's order. Sizes are MiB. */
export function instanceShape(instance: GanetiInstance): Readonly<Record<string, unknown>> {
  const { disks, nics, memoryMib, vcpus } = instance;
  const runs = instance.operState === "running";
  return {
    name: instance.name,
    admin_state: instance.adminState === "running" ? "up" : "down",
    os: instance.osType ?? "",
    pnode: instance.node,
    snodes: [],
    disk_template: disks.length === 0 ? "diskless" : "file",
    "nic.ips": nics.map((nic) => nic.ip),
    "nic.macs": nics.map((nic) => nic.mac),
    "nic.modes": nics.map((nic) => nic.mode),
    "nic.uuids": nics.map((nic) => nic.id),
    "nic.names": nics.map((nic) => nic.name),
    "nic.links": nics.map((nic) => nic.link),
    "nic.networks": nics.map(() => null),
    "nic.networks.names": nics.map((nic) => nic.network),
    "nic.bridges": nics.map((nic) => (nic.mode === "bridged" ? nic.link : null)),
    network_port: null,
    "disk.sizes": disks.map((disk) => disk.sizeMib),
    "disk.spindles": disks.map(() => null),
    disk_usage: disks.reduce((sum, disk) => sum + disk.sizeMib, 0),
    "disk.uuids": disks.map((disk) => disk.id),
    "disk.names": disks.map((disk) => disk.name),
    beparams: { minmem: memoryMib, maxmem: memoryMib, vcpus, auto_balance: true, always_failover: false, spindle_use: 1, memory: memoryMib },
    hvparams: {},
    oper_state: runs,
    oper_ram: runs ? memoryMib : null,
    oper_vcpus: runs ? vcpus : null,
    status: ganetiStatus(instance.status, instance),
    custom_hvparams: {},
    custom_beparams: { minmem: memoryMib, maxmem: memoryMib, ...(vcpus === DEFAULT_BACKEND.vcpus ? {} : { vcpus }) },
    custom_nicparams: nics.map(({ mode, link }) => ({ ...(mode === DEFAULT_NIC.mode ? {} : { mode }), ...(link === null ? {} : { link }) })),
    ctime: objectTime(instance.createdAt),
    mtime: objectTime(instance.updatedAt),
    uuid: instance.id,
    serial_no: instance.serialNo,
    tags: instance.tags,
  };
}
