import type { AddressView, NetworkView } from "#lib/domain/network.ts";

/** What a network is for, in a word. */
export const PURPOSE: Readonly<Record<NetworkView["purpose"], string>> = { instances: "NICs", communication: "channels" };

/** How a NIC in the network is connected: `bridged on br0`, `routed`. */
export function connectionText({ purpose, mode, link }: Pick<NetworkView, "purpose" | "mode" | "link">): string {
  if (purpose === "communication") return "guest to host";
  return link === null ? mode : `${mode} on ${link}`;
}

export const HOLDERS: readonly AddressView["holder"][] = ["nic", "channel", "install", "reserved"];

/** Who holds an address, in words. */
export const HOLDER: Readonly<Record<AddressView["holder"], string>> = {
  nic: "NIC",
  channel: "channel",
  install: "appliance of an install",
  reserved: "reserved",
};
