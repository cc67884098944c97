/** How NICs are connected on which node: pure, for creation and modification of an instance, and for the choice of a node. */
import { parseIp4 } from "./ip-subnets.ts";
import { linkFault } from "./network.ts";
import type { FieldProblem } from "./network-rules.ts";

/** A NIC as it was asked for. */
export interface WantedNic {
  readonly network?: string | undefined;
  readonly ip?: string | undefined;
  readonly mode?: "user" | "bridged" | "routed" | undefined;
  readonly link?: string | undefined;
  readonly name?: string | undefined;
  readonly forwards?: readonly number[] | undefined;
}

export interface NicNetwork {
  readonly id: string;
  readonly name: string;
  readonly purpose: "instances" | "communication";
  readonly mode: "bridged" | "routed";
  readonly link: string | null;
}

/** A NIC as it will be. */
export interface PlannedNic {
  readonly mode: "user" | "bridged" | "routed";
  readonly link: string | null;
  readonly name: string | null;
  readonly network: NicNetwork | null;
  /** Of the network: that very address, null the next free one. Without a network: the address by hand. */
  readonly ip: string | null;
  readonly forwards: readonly number[];
}

/** What a node can connect NICs to; null: it hasn't said. */
export interface NodeNetworking {
  readonly mode: "session" | "system" | "simulated";
  readonly networking: { readonly bridges: readonly string[]; readonly routed: boolean };
}

/** SSH's. */
const DEFAULT_FORWARDS = [22];
/** First 16 bits of the communication mechanism's addresses. */
const LINK_LOCAL = 0xa9fe;

export type PlannedNics = { readonly ok: true; readonly nics: readonly PlannedNic[] } | { readonly ok: false; readonly problem: FieldProblem };

/** What is asked for, completed by its networks. Every problem names the NIC's field: `nics[0].mode`. */
export function planNics(wanted: readonly WantedNic[], networks: ReadonlyMap<string, NicNetwork>): PlannedNics {
  const nics: PlannedNic[] = [];
  for (const [index, nic] of wanted.entries()) {
    const planned = planNic(nic, nic.network === undefined ? null : (networks.get(nic.network) ?? "unknown"));
    if ("problem" in planned) return { ok: false, problem: { ...planned, field: `nics[${index}].${planned.field}` } };
    nics.push(planned);
  }
  return { ok: true, nics };
}

function planNic(nic: WantedNic, network: NicNetwork | "unknown" | null): PlannedNic | FieldProblem {
  if (network === "unknown") return { field: "network", problem: "isn't a network's name" };
  if (network?.purpose === "communication") return { field: "network", problem: "must not be one of the communication mechanism" };
  const mode = nic.mode ?? network?.mode ?? "user";
  const ip = nic.ip ?? null;
  const parsed = ip === null ? null : parseIp4(ip);
  if (parsed !== null && Math.floor(parsed / 65_536) === LINK_LOCAL) return { field: "ip", problem: "must not be in 169.254.0.0/16, which the communication mechanism uses" };
  if (network !== null && ip !== null && parsed === null) return { field: "ip", problem: "must be an IPv4 address where the NIC is in a network" };
  // What the network is linked to is a bridge or a routing table, and never both.
  const link = nic.link ?? (network?.mode === mode ? network.link : null);
  const rest = { mode, network, ip, name: nic.name ?? null };
  switch (mode) {
    case "user":
      if (network !== null) return { field: "network", problem: "must be left out: a NIC of mode user is in QEMU's own network" };
      return { ...rest, link, forwards: nic.forwards ?? DEFAULT_FORWARDS };
    case "bridged":
    case "routed": {
      if (network !== null && network.mode !== mode && nic.link === undefined) return { field: "mode", problem: `must be ${network.mode}, as network ${network.name} is, or left out; a NIC that is connected otherwise names its own link` };
      if ((nic.forwards ?? []).length > 0) return { field: "forwards", problem: "must be left out: only the ports of a NIC of mode user are forwarded" };
      if (mode === "bridged" && link === null) return { field: "link", problem: "is missing: it is the name of a bridge on the node" };
      if (mode === "routed" && network === null && parsed === null) return { field: "ip", problem: "is missing: a routed NIC needs an IPv4 address, by hand or from a network" };
      const problem = link === null ? null : linkFault(mode, link);
      return problem === null ? { ...rest, link, forwards: [] } : { field: "link", problem };
    }
  }
}

/** What is wrong with connecting NICs on a node; null: nothing. */
export function nodeNicsProblem(nics: readonly Pick<PlannedNic, "mode" | "link">[], nodeName: string, node: NodeNetworking | null): FieldProblem | null {
  for (const [index, { mode, link }] of nics.entries()) {
    if (mode === "user") continue;
    const wrong = (field: string, problem: string): FieldProblem => ({ field: `nics[${index}].${field}`, problem });
    if (node === null) return wrong("mode", `can't be ${mode}: node ${nodeName} hasn't said yet what it can connect`);
    if (node.mode === "session") return wrong("mode", `can't be ${mode}: the agent of node ${nodeName} runs without privileges and has mode user alone`);
    if (mode === "routed" && !node.networking.routed) return wrong("mode", `can't be routed: node ${nodeName} makes no routes to guests`);
    if (mode === "bridged" && (link === null || !node.networking.bridges.includes(link))) return wrong("link", `isn't a bridge that guests are connected to on node ${nodeName}`);
  }
  return null;
}

/** Whether guests on a node have addresses of the communication mechanism: everywhere but in session mode, where QEMU has its own. */
export function hasChannelAddresses(node: NodeNetworking | null): boolean {
  return node !== null && node.mode !== "session";
}

/**
 * What is wrong with connecting NICs anywhere; null: some node could, or nothing is known of any. A NIC that no node connects is named,
 * with what would connect it.
 */
export function everyNodeNicsProblem(nics: readonly Pick<PlannedNic, "mode" | "link">[], nodes: readonly NodeNetworking[]): FieldProblem | null {
  const connects = (wanted: typeof nics): boolean => nodes.some((node) => nodeNicsProblem(wanted, "", node) === null);
  if (nodes.length === 0 || connects(nics)) return null;
  const index = nics.findIndex((nic) => !connects([nic]));
  const nic = nics[index];
  if (nic === undefined) return { field: "nics", problem: "must all be connected by one node, and no node connects every one of them" };
  const wrong = (field: string, problem: string): FieldProblem => ({ field: `nics[${index}].${field}`, problem });
  if (nodes.every(({ mode }) => mode === "session")) return wrong("mode", `can't be ${nic.mode}: no node connects such NICs. Agents in session mode have mode user alone; those with SLIPWAY_MODE=system have the others`);
  return nic.mode === "bridged" ? wrong("link", "isn't a bridge that guests are connected to on any node") : wrong("mode", `can't be ${nic.mode}: no node makes routes to guests`);
}

/** What a node must be able to connect for these NICs. */
export function neededNetworking(nics: readonly Pick<PlannedNic, "mode" | "link">[]): { readonly bridges: readonly string[]; readonly routed: boolean } {
  return {
    bridges: [...new Set(nics.flatMap(({ mode, link }) => (mode === "bridged" && link !== null ? [link] : [])))],
    routed: nics.some(({ mode }) => mode === "routed"),
  };
}
