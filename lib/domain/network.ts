import type { SshKeyType } from "./ssh-keys.ts";

/** Networks, their addresses, and how an instance is reached. Times are ISO 8601. */

/** A label of a name, as Ganeti has networks. */
export const NETWORK_NAME = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;
/** Linux's limit on a name of an interface, and nothing that means something to a shell or to another program. */
export const LINK_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/;

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
