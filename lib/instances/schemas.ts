/** Bodies of the operations on instances, for the API, the console and RAPI alike (design: install, "What a request can combine"). */
import { z } from "zod";
import { INSTANCE_LIMITS, MAC, TAG } from "#lib/domain/instance-limits.ts";
import { INSTANCE_NAME } from "#lib/domain/instance.ts";
import { isFew, parameterName, parameterText, sealedText, TOO_MANY } from "#lib/domain/parameter-values.ts";
import type { SentParameters } from "#lib/domain/parameters.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";

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

/** Ganeti's `enable_safe_install`; left out: yes. `false` is for a trusted definition with a host half alone. */
const safeInstall = z.boolean().optional();

export const reinstallInputSchema = z.strictObject({
  /** Another definition or variant; left out: the instance's own. */
  osType: osTypeSchema.optional(),
  parameters: sentParametersSchema,
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

const nicInputSchema = z.strictObject({
  /** Left out: one is made. */
  mac: z.string().toLowerCase().regex(MAC, "must be six pairs of hexadecimal digits").optional(),
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  mode: z.enum(["user", "bridged", "routed"]).optional(),
  link: label.optional(),
  name: label.optional(),
});

export const createInstanceInputSchema = z.strictObject({
  name: instanceNameSchema,
  osType: osTypeSchema.nullable(),
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
});
export type CreateInstanceInput = z.output<typeof createInstanceInputSchema>;

export const powerInputSchema = z.strictObject({
  action: z.enum(["start", "stop", "reboot"]),
  /** For stop and reboot: seconds for the guest to go by itself. */
  graceSeconds: z.number().int().min(0).max(3_600).optional(),
});
export type PowerInput = z.output<typeof powerInputSchema>;

export const previewCreateInputSchema = z.strictObject({
  osType: osTypeSchema,
  node: z.string().min(1).max(253).optional(),
  diskMib: z.number().int().min(INSTANCE_LIMITS.diskMib.min).max(INSTANCE_LIMITS.diskMib.max).optional(),
  memoryMib: z.number().int().min(INSTANCE_LIMITS.memoryMib.min).max(INSTANCE_LIMITS.memoryMib.max).optional(),
  safeInstall,
});
export type PreviewCreateInput = z.output<typeof previewCreateInputSchema>;

export const previewReinstallInputSchema = z.strictObject({ osType: osTypeSchema.optional(), safeInstall });
export type PreviewReinstallInput = z.output<typeof previewReinstallInputSchema>;
