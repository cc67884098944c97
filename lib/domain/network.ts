import type { SshKeyType } from "./ssh-keys.ts";

/** Networks, their addresses, and how an instance is reached. Times are ISO 8601. */

/** A label of a name, as Ganeti has networks. */
export const NETWORK_NAME = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;
/** Linux's limit on a name of an interface, and nothing that means something to a shell or to another program. */
const LINK_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/;

/** Numbers of routing tables: 255 is the kernel's own. */
const LAST_TABLE = 4_294_967_295;
const LOCAL_TABLE = 255;

/** What is wrong with what a NIC or a network is linked to, by how it is connected; null: nothing. */
export function linkFault(mode: "bridged" | "routed", link: string): string | null {
  if (mode === "bridged") return LINK_NAME.test(link) ? null : "must be a name of an interface: at most 15 letters, digits and ._-, beginning with a letter or digit";
  const table = /^[1-9]\d{0,9}$/.test(link) ? Number(link) : 0;
  return table > 0 && table <= LAST_TABLE && table !== LOCAL_TABLE ? null : "must be the number of a routing table on the node, 255 excepted, or left out for the main one";
}

export type NetworkPurpose = "instances" | "communication";

export interface NetworkView {
  readonly id: string;
  readonly name: string;
  readonly purpose: NetworkPurpose;
  readonly subnet: string;
  readonly gateway: string | null;
  readonly subnet6: string | null;
  readonly gateway6: string | null;
  readonly dns: readonly string[];
  readonly mode: "bridged" | "routed";
  readonly link: string | null;
  /** Addresses in the subnet, those that are taken, and those of them that are reserved. */
  readonly size: number;
  readonly taken: number;
  readonly reserved: number;
  readonly serialNo: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface AddressView {
  readonly address: string;
  /** A NIC, a running instance's channel, an appliance's channel during an install, or somebody's decision. */
  readonly holder: "nic" | "channel" | "install" | "reserved";
  /** The instance; null for what is reserved. */
  readonly instanceName: string | null;
  readonly note: string | null;
}

export interface HostKeyView {
  readonly type: SshKeyType;
  /** base64 */
  readonly key: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

export interface ReachView {
  readonly guestPort: number;
  /** On the instance's node. */
  readonly host: string;
  readonly port: number;
}

export interface ChannelLineView {
  readonly id: string;
  readonly at: string;
  readonly kind: "log" | "progress" | "notice" | "message";
  readonly author: string;
  readonly text: string | null;
  readonly step: string | null;
  readonly percent: number | null;
}
