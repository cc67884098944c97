/** Bodies of the operations on instances, for the API, the console and RAPI alike (design: install, "What a request can combine"). */
import { z } from "zod";
import { CHANNEL_MAC_PREFIX } from "#lib/domain/channel-address.ts";
import { INSTANCE_LIMITS, MAC, TAG, USER_DATA_BYTES, userDataBytes } from "#lib/domain/instance-limits.ts";
import { DATASOURCES, INSTANCE_NAME } from "#lib/domain/instance.ts";
import { isMask } from "#lib/domain/masks.ts";
import { isFew, parameterName, parameterText, sealedText, TOO_MANY } from "#lib/domain/parameter-values.ts";
import type { SentParameters } from "#lib/domain/parameters.ts";
import { parseSshPublicKey } from "#lib/domain/ssh-keys.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { networkNameSchema } from "#lib/networks/schemas.ts";
import { DISK_FIELDS, SOURCE_FIELDS } from "./source-schemas.ts";

export const instanceNameSchema = z.string().regex(INSTANCE_NAME, "must be a host name in lower case");
/** `name` or `name+variant`. */
export const osTypeSchema = z.string().regex(/^[a-zA-Z0-9_.-]{1,64}(\+[a-zA-Z0-9_.-]{1,64})?$/, "must be a definition's name, or name+variant");
const label = z.string().max(INSTANCE_LIMITS.label);

/**
 * `{public, private, secret}`, each a map of strings, each optional. Private and secret values are sealed objects from here
 * on (`Private`, `Secret`).
 */
export const sentParametersSchema = z
  .strictObject({
    public: z.record(parameterName, parameterText).refine(isFew, TOO_MANY).default({}),
    private: z.record(parameterName, sealedText.transform((text) => privateValue(text))).refine(isFew, TOO_MANY).default({}),
    secret: z.record(parameterName, sealedText.transform((text) => secretValue(text))).refine(isFew, TOO_MANY).default({}),
  })
  .transform((sent): SentParameters => sent)
  .prefault({});

/** Ganeti's `enable_safe_install`; left out: as the cluster has it. `false` is for a trusted definition with a host half alone. */
const safeInstall = z.boolean().optional();

export const reinstallInputSchema = z.strictObject({
  /** Another definition or variant; left out: the instance's own; null: none. */
  osType: osTypeSchema.nullable().optional(),
  parameters: sentParametersSchema,
  ...SOURCE_FIELDS,
  ...DISK_FIELDS,
  safeInstall,
  /** Power state afterwards: true running, false stopped, null or left out as it was. */
  start: z.boolean().nullable().optional(),
});
export type ReinstallInput = z.output<typeof reinstallInputSchema>;

const diskInputSchema = z.strictObject({
  /** MiB */
  sizeMib: z.number().int().min(INSTANCE_LIMITS.diskMib.min).max(INSTANCE_LIMITS.diskMib.max),
  name: label.optional(),
});

/** How a NIC is connected, and by which addresses. What fits together: lib/domain/nic-rules.ts. */
const connection = {
  /** A network's name: its address comes from there, and how it is connected unless that is said. */
  network: networkNameSchema.optional(),
  /** Of the network, where there is one: that very address. Left out: the next free one. */
  ip: z.union([z.ipv4(), z.ipv6()], "must be an IP address").optional(),
  /** Left out: the network's, or QEMU's own network. */
  mode: z.enum(["user", "bridged", "routed"]).optional(),
  link: label.optional(),
  name: label.optional(),
  /** Mode `user`: ports of the guest that its node forwards to ports of its own, on loopback. Left out: SSH's. */
  forwards: z
    .array(z.number().int().min(1).max(65_535))
    .max(INSTANCE_LIMITS.forwards)
    .refine((ports) => new Set(ports).size === ports.length, "must have each port once")
    .optional(),
};

const nicInputSchema = z.strictObject({
  /** Left out: one is made. */
  mac: z
    .string()
    .toLowerCase()
    .regex(MAC, "must be six pairs of hexadecimal digits")
    .refine((mac) => !mac.startsWith(`${CHANNEL_MAC_PREFIX}:`), `must not begin with ${CHANNEL_MAC_PREFIX}: those are the communication mechanism's`)
    .optional(),
  ...connection,
});

/** Public keys for metadata to hand out, each a line as ssh-keygen writes it. */
const sshKeys = z
  .array(
    z
      .string()
      .refine((line) => parseSshPublicKey(line) !== null, "must be a public key as ssh-keygen writes it: type, base64, comment")
      .transform((line) => line.trim()),
  )
  .max(INSTANCE_LIMITS.sshKeys);

const USER_DATA_TOO_LONG = `must be at most ${USER_DATA_BYTES} bytes in UTF-8`;

/** Private, whatever is in them. */
const userData = z
  .string()
  .min(1)
  .max(USER_DATA_BYTES, USER_DATA_TOO_LONG)
  .refine((text) => userDataBytes(text) <= USER_DATA_BYTES, USER_DATA_TOO_LONG)
  .refine((text) => !text.includes("\0"), "must not hold a NUL character")
  .refine((text) => !isMask(text), "must not be a mask; leave it out to keep what is stored")
  .transform((text) => privateValue(text));

const datasource = z.enum(DATASOURCES);

export const createInstanceInputSchema = z.strictObject({
  name: instanceNameSchema,
  /** Null: without an OS definition, from an image or a medium alone. */
  osType: osTypeSchema.nullable(),
  ...SOURCE_FIELDS,
  /** Left out: the node with the most room. */
  node: z.string().min(1).max(253).optional(),
  /** A user's name; left out: who asks. */
  owner: z.string().min(1).max(64).optional(),
  vcpus: z.number().int().min(1).max(INSTANCE_LIMITS.vcpus).default(1),
  memoryMib: z.number().int().min(INSTANCE_LIMITS.memoryMib.min).max(INSTANCE_LIMITS.memoryMib.max),
  disks: z.array(diskInputSchema).max(INSTANCE_LIMITS.disks),
  nics: z.array(nicInputSchema).max(INSTANCE_LIMITS.nics).default([{}]),
  tags: z.array(z.string().regex(TAG, "must have letters, digits and .+*/:@-_ only")).max(INSTANCE_LIMITS.tags).optional(),
  parameters: sentParametersSchema,
  safeInstall,
  /** Left out: started. */
  start: z.boolean().optional(),
  /** The communication mechanism in normal running. */
  communication: z.boolean().optional(),
  sshKeys: sshKeys.optional(),
  userData: userData.optional(),
  datasource: datasource.optional(),
});
export type CreateInstanceInput = z.output<typeof createInstanceInputSchema>;

/** Fields that are left out stay as they are. */
export const modifyInstanceInputSchema = z.strictObject({
  communication: z.boolean().optional(),
  datasource: datasource.optional(),
  sshKeys: sshKeys.optional(),
  /** Null: none any more. */
  userData: userData.nullable().optional(),
  /**
   * The whole list, each as it is to be, matched by index: MACs stay, and an address stays where its network does and no other is named.
   * One more than there are is a new NIC, one fewer takes the last away. For administrators.
   */
  nics: z.array(z.strictObject(connection)).max(INSTANCE_LIMITS.nics).optional(),
});
export type ModifyInstanceInput = z.output<typeof modifyInstanceInputSchema>;

export const powerInputSchema = z.strictObject({
  /** `rescue`: a stopped instance runs the appliance, with a shell on its serial console and its disks. */
  action: z.enum(["start", "stop", "reboot", "rescue"]),
  /** For stop and reboot: seconds for the guest to go by itself. */
  graceSeconds: z.number().int().min(0).max(3_600).optional(),
});
export type PowerInput = z.output<typeof powerInputSchema>;

/** False: nobody is asked whether image, medium and package can be reached. Left out: yes. */
const probe = z.boolean().optional();

export const previewCreateInputSchema = z.strictObject({
  osType: osTypeSchema.nullable(),
  ...SOURCE_FIELDS,
  node: z.string().min(1).max(253).optional(),
  diskMib: z.number().int().min(INSTANCE_LIMITS.diskMib.min).max(INSTANCE_LIMITS.diskMib.max).optional(),
  memoryMib: z.number().int().min(INSTANCE_LIMITS.memoryMib.min).max(INSTANCE_LIMITS.memoryMib.max).optional(),
  safeInstall,
  probe,
});
export type PreviewCreateInput = z.output<typeof previewCreateInputSchema>;

export const previewReinstallInputSchema = z.strictObject({ osType: osTypeSchema.nullable().optional(), ...SOURCE_FIELDS, ...DISK_FIELDS, safeInstall, probe });
export type PreviewReinstallInput = z.output<typeof previewReinstallInputSchema>;
