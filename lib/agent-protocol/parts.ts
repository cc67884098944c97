/** What the messages between a controller and an agent (messages.ts) are made of. */
import { z } from "zod";
import { USER_DATA_BYTES, userDataBytes } from "#lib/domain/instance-limits.ts";
import { DATASOURCES } from "#lib/domain/instance.ts";
import type { ParameterSet, ParameterValue } from "#lib/domain/parameters.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "#lib/domain/parameters.ts";
import { SSH_KEY_LENGTH } from "#lib/domain/ssh-keys.ts";
import { type Private, privateValue, type Secret, secretValue, VISIBILITIES } from "#lib/domain/visibility.ts";

export const uuid = z.uuid();
/** sha256, 64 lower-case hex digits. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
/**
 * What an agent says, at most so many characters. Part of it comes from guests, and PostgreSQL takes neither NUL nor half a
 * character: one such text would keep everything that the node says afterwards from being taken in.
 */
export const saidText = (length: number) =>
  z
    .string()
    .max(length)
    .transform((text) => text.toWellFormed().replaceAll("\0", "\u2400"));
export const shortText = saidText(1_000);
/** ISO 8601 with milliseconds, UTC. */
export const timestamp = z.iso.datetime();

export const diskSpecSchema = z.strictObject({
  id: uuid,
  index: z.number().int().min(0).max(15),
  sizeMib: z.number().int().min(1),
  name: shortText.nullable(),
});
export const nicSpecSchema = z.strictObject({
  id: uuid,
  index: z.number().int().min(0).max(7),
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
  ip: z.union([z.ipv4(), z.ipv6()]).nullable(),
  /**
   * `bridged` and `routed` in system mode; `user`: QEMU's own network, closed but for `forwards`. Any other, and one that the node's
   * mode doesn't have, leads nowhere.
   */
  mode: shortText,
  link: shortText.nullable(),
  name: shortText.nullable(),
  /** Null: the address, if there is one, was given by hand. */
  network: z
    .strictObject({
      name: shortText,
      subnet: z.cidrv4(),
      gateway: z.ipv4().nullable(),
      subnet6: z.cidrv6().nullable(),
      gateway6: z.ipv6().nullable(),
      dns: z.array(z.union([z.ipv4(), z.ipv6()])).max(8),
    })
    .nullable()
    .default(null),
  /** Mode `user`: ports of the guest that the node forwards to ports of its own, on loopback. */
  forwards: z.array(z.number().int().min(1).max(65_535)).max(16).default([]),
});
export type NicSpec = z.infer<typeof nicSpecSchema>;

/** What a node needs to know of an instance to run it. Nodes keep it on disk: what came with a later release has a default. */
export const instanceSpecSchema = z.strictObject({
  id: uuid,
  name: z.string().min(1).max(253),
  vcpus: z.number().int().min(1).max(256),
  memoryMib: z.number().int().min(32),
  disks: z.array(diskSpecSchema).max(16),
  nics: z.array(nicSpecSchema).max(8),
  tags: z.array(shortText).max(128),
  /** The communication mechanism in normal running, from the next start on. */
  communication: z.boolean().default(false),
  /** In system mode, while communication is on: its address, from which MAC and IPv6 address follow (lib/domain/channel-address.ts). */
  channelIp: z.ipv4().nullable().default(null),
  datasource: z.enum(DATASOURCES).default("openstack"),
  /** The metadata service answers only who has asked for a token first. */
  requireTokens: z.boolean().default(false),
  sshKeys: z.array(z.string().min(1).max(SSH_KEY_LENGTH)).max(64).default([]),
  /** The cluster's name: EC2's region. */
  cluster: z.string().max(253).default("slipway"),
});
export type InstanceSpec = z.infer<typeof instanceSpecSchema>;

const wireParameterSchema = z
  .strictObject({ visibility: z.enum(VISIBILITIES), value: z.string().max(PARAMETER_LIMITS.valueBytes) })
  .transform(({ visibility, value }): ParameterValue => {
    switch (visibility) {
      case "public":
        return { visibility, value };
      case "private":
        return { visibility, value: privateValue(value) };
      case "secret":
        return { visibility, value: secretValue(value) };
    }
  });

export const wireParametersSchema = z
  .record(z.string().regex(PARAMETER_NAME), wireParameterSchema)
  .transform((record): ParameterSet => new Map(Object.entries(record)));

/** User data are private, whatever is in them. */
export const wireUserDataSchema = z
  .string()
  .refine((text) => text.length <= USER_DATA_BYTES && userDataBytes(text) <= USER_DATA_BYTES, `must be at most ${USER_DATA_BYTES} bytes in UTF-8`)
  .transform((text): Private<string> => privateValue(text))
  .nullable();

/**
 * By which user data are told from others, without them: their fingerprint, keyed by the controller. A node may keep it on disk. Left out:
 * there are none, or nobody compares.
 */
export const userDataMark = z.string().min(1).max(100).optional();

/** What a running guest may read of itself and nobody else: on a node in memory alone. No secret is part of it. */
export const guestDataSchema = z.strictObject({ parameters: wireParametersSchema, userData: wireUserDataSchema, userDataMark });
export type GuestData = z.output<typeof guestDataSchema>;

/** `rootDigest`: the full userland as a squashfs, wherever the appliance has one. `contract`: appliance/README.md. */
export const applianceRefSchema = z.strictObject({ kernelDigest: digestSchema, initrdDigest: digestSchema, rootDigest: digestSchema.nullable(), contract: z.number().int().min(1).max(2) });
export type ApplianceRef = z.infer<typeof applianceRefSchema>;

/** A user name and password for a package, a secret: in memory alone. Sent as one text, `name:password`, as basic authentication has it. */
export const wireCredentialsSchema = z
  .string()
  .max(1_024)
  .transform((text): Secret<string> => secretValue(text))
  .nullable();

/** Hosts, addresses and CIDR ranges of private networks from which an administrator lets images and packages be fetched. */
export const allowPrivateSchema = z.array(z.string().min(1).max(253)).max(64);
