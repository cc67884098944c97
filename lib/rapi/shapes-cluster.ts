import { hostname } from "node:os";
import type { ClusterView } from "#lib/domain/views.ts";
import { DATA_COLLECTORS, DEFAULT_BACKEND, DEFAULT_NIC, DISK_PARAMETERS, GANETI_VERSION, INSTANCE_POLICY, KVM_PARAMETERS, OS_API_VERSION } from "./cluster-defaults.ts";
import { NODE_PARAMETERS } from "./shapes-node.ts";
import { objectTime } from "./timestamps.ts";

export interface OsLists {
  readonly hidden: readonly string[];
  readonly blacklisted: readonly string[];
}

/** The cluster as `/2/info` has it, field for field and in Ganeti's order. */
export function clusterShape(cluster: ClusterView, os: OsLists): Readonly<Record<string, unknown>> {
  return {
    software_version: GANETI_VERSION,
    protocol_version: 3_000_000,
    config_version: 3_000_000,
    os_api_version: OS_API_VERSION,
    export_version: 0,
    vcs_version: "(slipway)",
    architecture: ["64bits", "x86_64"],
    name: cluster.name,
    master: hostname(),
    default_hypervisor: "kvm",
    enabled_hypervisors: ["kvm"],
    hvparams: { kvm: KVM_PARAMETERS },
    os_hvp: {},
    beparams: {
      default: {
        minmem: DEFAULT_BACKEND.memoryMib,
        maxmem: DEFAULT_BACKEND.memoryMib,
        vcpus: DEFAULT_BACKEND.vcpus,
        auto_balance: true,
        always_failover: false,
        spindle_use: 1,
      },
    },
    osparams: {},
    ipolicy: INSTANCE_POLICY,
    nicparams: { default: DEFAULT_NIC },
    ndparams: NODE_PARAMETERS,
    diskparams: DISK_PARAMETERS,
    candidate_pool_size: 10,
    max_running_jobs: 20,
    max_tracked_jobs: 25,
    mac_prefix: "aa:00:00",
    master_netdev: "lo",
    master_netmask: 32,
    use_external_mip_script: false,
    volume_group_name: null,
    drbd_usermode_helper: null,
    file_storage_dir: "",
    shared_file_storage_dir: "",
    gluster_storage_dir: "",
    maintain_node_health: false,
    ctime: objectTime(cluster.createdAt),
    mtime: objectTime(cluster.updatedAt),
    uuid: cluster.uuid,
    tags: [],
    uid_pool: [],
    default_iallocator: "hail",
    default_iallocator_params: {},
    reserved_lvs: [],
    primary_ip_version: 4,
    prealloc_wipe_disks: false,
    hidden_os: os.hidden,
    blacklisted_os: os.blacklisted,
    enabled_disk_templates: ["file", "diskless"],
    install_image: "",
    instance_communication_network: "",
    zeroing_image: "",
    compression_tools: ["gzip", "gzip-fast", "gzip-slow"],
    enabled_user_shutdown: false,
    enabled_data_collectors: Object.fromEntries(DATA_COLLECTORS.map((name) => [name, false])),
    data_collector_interval: Object.fromEntries(DATA_COLLECTORS.map((name) => [name, 5_000_000])),
    modify_ssh_setup: false,
    ssh_key_type: "rsa",
    ssh_key_bits: 2048,
    vg_name: null,
    drbd_helper: null,
  };
}
