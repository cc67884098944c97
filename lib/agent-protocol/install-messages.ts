/** An install between a controller and an agent (messages.ts): its order, its status, its log. */
import { z } from "zod";
import { ERROR_CODES } from "#lib/domain/errors.ts";
import { INSTALL_OPERATIONS } from "#lib/domain/install-plan.ts";
import { checksumSchema, diskImageSchema, mediumSchema } from "#lib/domain/install-source.ts";
import { ACTIVE_STATES, FINAL_STATES } from "#lib/domain/install-states.ts";
import { APPLIANCE_KINDS, expectedStepSchema, IMAGE_USES } from "#lib/domain/os-definition.ts";
import { allowPrivateSchema, applianceRefSchema, digestSchema, instanceSpecSchema, saidText, timestamp, userDataMark, uuid, wireCredentialsSchema, wireParametersSchema, wireUserDataSchema } from "./parts.ts";

const stateSchema = z.enum([...ACTIVE_STATES, ...FINAL_STATES]);

/** A file of an export, `disk-N.dump`. */
export const exportFileSchema = z.strictObject({ index: z.number().int().min(0).max(15), name: z.string().regex(/^disk-\d{1,2}\.dump$/), sha256: digestSchema, bytes: z.number().int().min(0) });
export type ExportFile = z.infer<typeof exportFileSchema>;

/** One install. `parameters` is a map of typed values once parsed; encode-order.ts is its only way onto the wire. */
export const installOrderSchema = z.strictObject({
  id: uuid,
  operation: z.enum(INSTALL_OPERATIONS),
  instance: instanceSpecSchema,
  primaryNode: z.string().min(1).max(253),
  /** Null: nothing runs in one. */
  appliance: applianceRefSchema.nullable(),
  /** Null: without an OS definition. */
  os: z.strictObject({
    definition: z.string().min(1).max(64),
    variant: z.string().max(64).nullable(),
    apiVersion: z.number().int(),
    /** The definition version's own digest. */
    digest: digestSchema,
    /** The untrusted/ tree as one tar, a blob. */
    untrustedDigest: digestSchema.nullable(),
    /** The whole folder as one tar, a blob, for scripts on the host; null: none runs there. */
    hostDigest: digestSchema.nullable(),
    /** The read-only image that the definition carries, a blob. */
    imageDigest: digestSchema.nullable(),
    imageUse: z.enum(IMAGE_USES),
    appliance: z.enum(APPLIANCE_KINDS),
    script: z.enum(["create", "import", "export", "rename"]),
    /** Where the script runs, as planned (lib/domain/place-scripts.ts). An agent that can't or may not run one on its host refuses the order. */
    places: z.array(z.enum(["appliance", "host"])).min(1).max(2),
    /** Whether the untrusted half has a `verify`, which is run on the parameters before anything is touched. */
    verify: z.boolean(),
    steps: z.array(expectedStepSchema).max(64),
    bootMarker: z.string().max(200).nullable(),
  }).nullable(),
  image: diskImageSchema.nullable(),
  /** Installation parameters of a medium; empty: none. */
  medium: mediumSchema,
  package: z.strictObject({ url: z.string().max(2_048), checksum: checksumSchema.nullable(), credentials: wireCredentialsSchema }).nullable(),
  allowPrivate: allowPrivateSchema,
  completion: z.enum(["reported", "written", "first_boot"]),
  /** The first disk itself is written to, and can't be put back. */
  inPlace: z.boolean(),
  /** Data disks that are made anew too at a reinstall. At a creation or import all are new. */
  replaceDataDisks: z.array(z.number().int().min(1).max(15)).max(15),
  /** rename: the name until now. */
  oldName: z.string().max(253).nullable(),
  /** export: under which id the node keeps it; import: what is taken in. */
  exportId: uuid.nullable(),
  importFiles: z.array(exportFileSchema).max(16),
  parameters: wireParametersSchema,
  userData: wireUserDataSchema,
  userDataMark,
  /** In system mode: the address of the appliance's own channel, beside which the instance's may go on. */
  applianceIp: z.ipv4().nullable(),
  /** For everything from the acceptance to the report; null: no limit. */
  timeoutSeconds: z.number().int().min(1).nullable(),
  /** How long the first boot may take to show its marker before it counts as unconfirmed. */
  firstBootSeconds: z.number().int().min(1).max(3_600),
  /** Power state afterwards: `true` running, `false` stopped, null as it was before. */
  start: z.boolean().nullable(),
  /** How long the previous first disk is kept. */
  retainPreviousSeconds: z.number().int().min(0),
  /** The first lease. One that has run out can't be renewed: the install ends with lease_expired and leaves the instance as it was. */
  leaseSeconds: z.number().int().min(5).max(600),
  /** Disks that go are overwritten first. */
  erase: z.boolean(),
});
export type InstallOrder = z.output<typeof installOrderSchema>;

/** A stage as a person sees it: the agent's own, and those that the guest reports. In order of appearance. */
export const installStepSchema = z.object({
  id: saidText(64),
  label: saidText(120),
  source: z.enum(["agent", "guest"]),
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type InstallStep = z.infer<typeof installStepSchema>;

export const installErrorSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: saidText(2_000),
  /** Id of the step in which it happened. */
  step: saidText(64).nullable(),
});
export type InstallError = z.infer<typeof installErrorSchema>;

/** What an install was made of, as the agent found it: for the receipt. */
export const installFactsSchema = z.object({
  /** `sha256` of the file as it was fetched, `writtenSha256` of what was read back from the disk, over `virtualBytes`. */
  image: z.object({ sha256: digestSchema, bytes: z.number().int(), writtenSha256: digestSchema, virtualBytes: z.number().int() }).nullable(),
  package: z.object({ sha256: digestSchema, bytes: z.number().int() }).nullable(),
  /** Files of a medium, by installation parameter. */
  media: z.array(z.object({ name: saidText(64), sha256: digestSchema, bytes: z.number().int() })).max(16),
  /** export: what was written. */
  files: z.array(exportFileSchema).max(16),
});
export type InstallFacts = z.infer<typeof installFactsSchema>;

export const installStatusSchema = z.object({
  id: uuid,
  instanceId: uuid,
  state: stateSchema,
  /** 0 to 100 of the whole; moves only when the guest or the agent says so. */
  percent: z.number().min(0).max(100).nullable(),
  step: saidText(64).nullable(),
  steps: z.array(installStepSchema),
  error: installErrorSchema.nullable(),
  /** True once the new disk is the instance's disk: the commit point. False again when a cancellation has taken that back. */
  committed: z.boolean(),
  /** In place, and something was written: what was on the disk is gone. */
  overwritten: z.boolean().default(false),
  /** Completion `first_boot`: whether the guest reported; null: another completion, or not over. */
  confirmed: z.boolean().nullable().default(null),
  facts: installFactsSchema.default({ image: null, package: null, media: [], files: [] }),
  firstBootAt: timestamp.nullable(),
  lastContactAt: timestamp.nullable(),
});
export type InstallStatus = z.infer<typeof installStatusSchema>;

/** One line of an install's log, scrubbed. `n` counts from 1 in each install; after a restart of the agent it leaves numbers out. */
export const installEntrySchema = z.object({
  n: z.number().int().min(1),
  at: timestamp,
  /** log, progress: over the channel, from its author; notice: from the agent (caps reached …); message: to the guest, from its author. */
  kind: z.enum(["log", "progress", "notice", "message"]),
  /** `guest`, `agent`, `host script`, `user NAME`. What an agent of an earlier release still has to tell is without one. */
  author: saidText(100).default("guest"),
  text: saidText(4_096).nullable(),
  step: saidText(64).nullable(),
  /** 0 to 100 within the step, as the guest said. */
  percent: z.number().min(0).max(100).nullable(),
});
export type InstallEntry = z.infer<typeof installEntrySchema>;
