import type { ClusterView, NodeView } from "#lib/domain/views.ts";
import { objectTime } from "./timestamps.ts";

/** What a node is to Ganeti's clients beside what we know of it. */
export interface NodeExtras {
  readonly instanceNames: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly serialNo: number;
}

/** Node parameters of a cluster without any of its own. */
export const NODE_PARAMETERS = {
  oob_program: "",
  spindle_count: 1,
  exclusive_storage: false,
  ovs: false,
  ovs_name: "switch1",
  ovs_link: "",
  ssh_port: 22,
  cpu_speed: 1,
} as const;

/** Every node is in the one group that there is; its id is made of the cluster's, so that it stays. */
export function groupUuid(cluster: ClusterView): string {
  return cluster.uuid;
}

function role(node: NodeView): string {
  if (node.offline) return "O";
  return node.drained ? "D" : "R";
}

/** The address of the node's agent without scheme and port: what Ganeti calls its primary and secondary address. */
function hostOf(node: NodeView): string | null {
  return node.address === null || !URL.canParse(node.address) ? null : new URL(node.address).hostname;
}

/** A node as the bulk list has it, field for field and in Ganeti's order. Sizes are MiB. */
export function nodeShape(node: NodeView, extras: NodeExtras, cluster: ClusterView): Readonly<Record<string, unknown>> {
  const host = hostOf(node);
  const { memoryTotalMib: total, memoryFreeMib: free } = node;
  return {
    name: node.name,
    offline: node.offline,
    master_candidate: false,
    drained: node.drained,
    dtotal: node.diskTotalMib,
    dfree: node.diskFreeMib,
    sptotal: null,
    spfree: null,
    mtotal: total,
    mnode: total === null || free === null ? null : total - free,
    mfree: free,
    pinst_cnt: extras.instanceNames.length,
    sinst_cnt: 0,
    ctotal: node.cpus,
    cnos: node.cpus,
    cnodes: node.cpus === null ? null : 1,
    csockets: node.cpus === null ? null : 1,
    pip: host,
    sip: host,
    role: role(node),
    pinst_list: extras.instanceNames,
    sinst_list: [],
    master_capable: false,
    vm_capable: true,
    ndparams: NODE_PARAMETERS,
    "group.uuid": groupUuid(cluster),
    ctime: objectTime(extras.createdAt),
    mtime: objectTime(extras.updatedAt),
    uuid: node.id,
    serial_no: extras.serialNo,
    tags: [],
  };
}

/** As `/2/nodes/NAME` has it. */
export function singleNodeShape(node: NodeView, extras: NodeExtras, cluster: ClusterView): Readonly<Record<string, unknown>> {
  return { ...nodeShape(node, extras, cluster), secondary_ip: hostOf(node) };
}
