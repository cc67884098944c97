/** Configurations for tests: as small as Ganeti's can be, and as large as wanted. */

export type Json = Readonly<Record<string, unknown>>;

export function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

const NODE = uuidOf(1);

export function instanceJson(number: number, fields: Json = {}): Json {
  const digits = number.toString(16).padStart(8, "0");
  return {
    name: `instance${number}.example.test`,
    uuid: uuidOf(1_000_000 + number),
    primary_node: NODE,
    os: "debootstrap+default",
    hypervisor: "kvm",
    hvparams: {},
    beparams: { maxmem: 1_024, minmem: 1_024 },
    osparams: { filesystem: "ext4" },
    osparams_private: { root_password: `private-of-${number}` },
    admin_state: "up",
    nics: [{ mac: `aa:00:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}:${digits.slice(6)}`, ip: null, nicparams: {}, uuid: uuidOf(2_000_000 + number) }],
    disks: [{ dev_type: "plain", size: 10_240, uuid: uuidOf(3_000_000 + number) }],
    ctime: 1_600_000_000.5,
    tags: [],
    ...fields,
  };
}

export function configJson(instances: readonly Json[], fields: Json = {}): Json {
  return {
    version: 2_120_000,
    cluster: {
      cluster_name: "ganeti.example.test",
      uuid: uuidOf(0),
      beparams: { default: { vcpus: 1, maxmem: 128, minmem: 128 } },
      nicparams: { default: { mode: "bridged", link: "br0" } },
      osparams: {},
      hidden_os: [],
      blacklisted_os: [],
    },
    nodes: { [NODE]: { name: "node1.example.test", uuid: NODE, offline: false, drained: false, vm_capable: true } },
    instances: Object.fromEntries(instances.map((instance) => [typeof instance["uuid"] === "string" ? instance["uuid"] : "", instance])),
    ...fields,
  };
}
