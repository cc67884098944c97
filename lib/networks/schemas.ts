/** Bodies of the operations on networks. What the fields mean together: lib/domain/network-rules.ts. */
import { z } from "zod";
import { NETWORK_NAME } from "#lib/domain/network.ts";

export const networkNameSchema = z.string().regex(NETWORK_NAME, "must be at most 63 lower-case letters, digits and ._-, beginning and ending with a letter or digit");

/** Longer than any address or subnet. */
const addressText = z.string().max(64);
const dns = z.array(addressText).max(8);
const mode = z.enum(["bridged", "routed"]);
const link = z.string().max(64).nullable();

export const createNetworkInputSchema = z.strictObject({
  name: networkNameSchema,
  /** `communication`: more addresses for the communication mechanism. */
  purpose: z.enum(["instances", "communication"]).default("instances"),
  /** IPv4, like 192.0.2.0/24. */
  subnet: addressText,
  gateway: addressText.nullable().default(null),
  subnet6: addressText.nullable().default(null),
  gateway6: addressText.nullable().default(null),
  dns: dns.default([]),
  /** How a NIC that names the network is connected; left out: bridged, and routed for the communication mechanism. */
  mode: mode.optional(),
  /** The bridge, or for a routed network the routing table. */
  link: link.default(null),
});
export type CreateNetworkInput = z.output<typeof createNetworkInputSchema>;

/** Fields that are left out stay as they are. */
export const modifyNetworkInputSchema = z.strictObject({
  /** Only while no address is held. */
  subnet: addressText.optional(),
  gateway: addressText.nullable().optional(),
  subnet6: addressText.nullable().optional(),
  gateway6: addressText.nullable().optional(),
  dns: dns.optional(),
  mode: mode.optional(),
  link: link.optional(),
});
export type ModifyNetworkInput = z.output<typeof modifyNetworkInputSchema>;

/** Addresses of one request. */
export const RANGE_SIZE = 4_096;

/** From `first` to `last`, both included. */
export const reserveAddressesInputSchema = z.strictObject({ first: addressText, last: addressText, note: z.string().max(200).nullable().default(null) });
export type ReserveAddressesInput = z.output<typeof reserveAddressesInputSchema>;

export const releaseAddressesInputSchema = z.strictObject({ first: addressText, last: addressText });
export type ReleaseAddressesInput = z.output<typeof releaseAddressesInputSchema>;

export const ADDRESS_HOLDERS = ["nic", "channel", "install", "reserved"] as const;
export type AddressHolder = (typeof ADDRESS_HOLDERS)[number];
