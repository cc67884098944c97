/**
 * The messages between a controller and an agent: HTTP/1.1 over mutual TLS, dialled by the controller.
 *
 *   GET    /v1/facts                        NodeFacts
 *   POST   /v1/blobs/missing                BlobList → BlobList, those of them that the node hasn't got
 *   PUT    /v1/blobs/:digest                the bytes; refused unless their sha256 is the digest
 *   GET    /v1/instances/:id                InstanceRuntime
 *   PUT    /v1/instances/:id/power          PowerOrder → InstanceRuntime; idempotent by orderId
 *   DELETE /v1/instances/:id?order=ID       removes guest and disks; idempotent
 *   PUT    /v1/installs/:id                 InstallOrder → InstallStatus (202); the same id twice is one install
 *   GET    /v1/installs/:id                 InstallStatus
 *   POST   /v1/installs/:id/cancel          InstallStatus
 *   POST   /v1/leases                       LeaseRenewal → 204; an install without a lease never swaps its disk
 *   GET    /v1/os-definitions               FolderList: OS definitions in the roots that this node's administrator lists
 *   GET    /v1/os-definitions/:name         the folder as a tar, its links followed inside those roots; at most
 *                                           DEFINITION_LIMITS of lib/domain/os-definition-files.ts
 *   GET    /v1/events?journal=ID&after=SEQ  NDJSON: a JournalHead, then AgentEvent lines as they happen; an empty line every
 *                                           10 s; everything after SEQ is sent again until it is acknowledged
 *   POST   /v1/events/ack                   {journal, seq} → 204; the agent forgets events up to seq
 *
 * An error is answered as {"code", "message", "field"?} with a code of lib/domain/errors.ts.
 * No event, status or error ever holds a private or secret value.
 */
import { z } from "zod";
import { ERROR_CODES } from "#lib/domain/errors.ts";
import { ACTIVE_STATES, FINAL_STATES } from "#lib/domain/install-states.ts";
import { APPLIANCE_KINDS, expectedStepSchema, IMAGE_USES } from "#lib/domain/os-definition.ts";
import type { ParameterSet, ParameterValue } from "#lib/domain/parameters.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "#lib/domain/parameters.ts";
import { privateValue, secretValue, VISIBILITIES } from "#lib/domain/visibility.ts";

export const PROTOCOL_VERSION = 2;

const uuid = z.uuid();
/** sha256, 64 lower-case hex digits. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
/**
 * What an agent says, at most so many characters. Part of it comes from guests, and PostgreSQL takes neither NUL nor half a
 * character: one such text would keep everything that the node says afterwards from being taken in.
 */
const saidText = (length: number) =>
  z
    .string()
    .max(length)
    .transform((text) => text.toWellFormed().replaceAll("\0", "\u2400"));
const shortText = saidText(1_000);
/** ISO 8601 with milliseconds, UTC. */
const timestamp = z.iso.datetime();
const stateSchema = z.enum([...ACTIVE_STATES, ...FINAL_STATES]);

/** What an agent says of its machine. Sizes in MiB. */
export const nodeFactsSchema = z.object({
  protocol: z.literal(PROTOCOL_VERSION),
  agentVersion: shortText,
  mode: z.enum(["session", "system", "simulated"]),
  hostname: shortText,
  cpus: z.number().int().min(1),
  memoryTotalMib: z.number().int().min(0),
  memoryFreeMib: z.number().int().min(0),
  diskTotalMib: z.number().int().min(0),
  diskFreeMib: z.number().int().min(0),
  accelerator: z.enum(["kvm", "tcg"]),
  /** Why hardware acceleration isn't used; null where it is. */
  acceleratorReason: shortText.nullable(),
  qemuVersion: shortText.nullable(),
  /** Whether this agent can run trusted scripts on its host: it has the privileged helper for it. Session mode has none. */
  runsHostScripts: z.boolean(),
});
export type NodeFacts = z.infer<typeof nodeFactsSchema>;

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
  ip: shortText.nullable(),
  mode: shortText,
  link: shortText.nullable(),
  name: shortText.nullable(),
});

/** What a node needs to know of an instance to run it. */
export const instanceSpecSchema = z.strictObject({
  id: uuid,
  name: z.string().min(1).max(253),
  vcpus: z.number().int().min(1).max(256),
  memoryMib: z.number().int().min(32),
  disks: z.array(diskSpecSchema).max(16),
  nics: z.array(nicSpecSchema).max(8),
  tags: z.array(shortText).max(128),
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

/** One install. `parameters` is a map of typed values once parsed; encode-order.ts is its only way onto the wire. */
export const installOrderSchema = z.strictObject({
  id: uuid,
  operation: z.enum(["create", "reinstall"]),
  instance: instanceSpecSchema,
  primaryNode: z.string().min(1).max(253),
  /** `rootDigest`: the full userland as a squashfs, where `os.appliance` asks for it. */
  appliance: z.strictObject({ kernelDigest: digestSchema, initrdDigest: digestSchema, rootDigest: digestSchema.nullable() }),
  os: z.strictObject({
    definition: z.string().min(1).max(64),
    variant: z.string().max(64).nullable(),
    apiVersion: z.number().int(),
    /** The definition version's own digest. */
    digest: digestSchema,
    /** The untrusted/ tree as one tar, a blob. */
    untrustedDigest: digestSchema,
    /** The read-only image that the definition carries, a blob. */
    imageDigest: digestSchema.nullable(),
    imageUse: z.enum(IMAGE_USES),
    appliance: z.enum(APPLIANCE_KINDS),
    script: z.enum(["create"]),
    /** Where the script runs, as planned (lib/domain/place-scripts.ts). An agent that can't or may not run one on its host refuses the order. */
    places: z.array(z.enum(["appliance", "host"])).min(1).max(2),
    /** Whether the untrusted half has a `verify`, which is run on the parameters before anything is touched. */
    verify: z.boolean(),
    steps: z.array(expectedStepSchema).max(64),
    bootMarker: z.string().max(200).nullable(),
  }),
  parameters: z
    .record(z.string().regex(PARAMETER_NAME), wireParameterSchema)
    .transform((record): ParameterSet => new Map(Object.entries(record))),
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
  firstBootAt: timestamp.nullable(),
  lastContactAt: timestamp.nullable(),
});
export type InstallStatus = z.infer<typeof installStatusSchema>;

/** One line of an install's log, scrubbed. `n` counts from 1 in each install; after a restart of the agent it leaves numbers out. */
export const installEntrySchema = z.object({
  n: z.number().int().min(1),
  at: timestamp,
  /** log: from the guest; progress: from the guest; notice: from the agent (caps reached, contact lost …). */
  kind: z.enum(["log", "progress", "notice"]),
  text: saidText(4_096).nullable(),
  step: saidText(64).nullable(),
  /** 0 to 100 within the step, as the guest said. */
  percent: z.number().min(0).max(100).nullable(),
});
export type InstallEntry = z.infer<typeof installEntrySchema>;

export const agentEventSchema = z.discriminatedUnion("type", [
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("install.entries"), installId: uuid, entries: z.array(installEntrySchema).max(500), status: installStatusSchema }),
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("install.state"), installId: uuid, status: installStatusSchema }),
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("instance.power"), instanceId: uuid, power: z.enum(["running", "stopped"]), reason: shortText.nullable() }),
]);
export type AgentEvent = z.infer<typeof agentEventSchema>;

/** First line of an event stream. Another id than before means another journal: read from its start. */
export const journalHeadSchema = z.object({ journal: uuid, firstSeq: z.number().int(), lastSeq: z.number().int() });
export type JournalHead = z.infer<typeof journalHeadSchema>;

export const powerOrderSchema = z.strictObject({
  orderId: uuid,
  action: z.enum(["start", "stop", "reboot"]),
  /** For stop and reboot: seconds for the guest to go by itself before it is ended. 0: at once. */
  graceSeconds: z.number().int().min(0).max(3_600),
  instance: instanceSpecSchema,
});
export type PowerOrder = z.infer<typeof powerOrderSchema>;

export const instanceRuntimeSchema = z.object({
  instanceId: uuid,
  power: z.enum(["running", "stopped"]),
  startedAt: timestamp.nullable(),
  /** The install that holds the instance, if any. */
  installId: uuid.nullable(),
  /** The journal's last event when this was said: events up to it are older news. */
  journal: uuid,
  journalSeq: z.number().int().min(0),
});
export type InstanceRuntime = z.infer<typeof instanceRuntimeSchema>;

/** Folders that look like OS definitions, by name. Where two roots have the same name the first counts, as in Ganeti. */
export const folderListSchema = z.strictObject({ folders: z.array(z.strictObject({ name: z.string().min(1).max(64), root: saidText(1_000) })).max(1_000) });
export type FolderList = z.infer<typeof folderListSchema>;

export const blobListSchema = z.strictObject({ digests: z.array(digestSchema).max(64) });

export const leaseRenewalSchema = z.strictObject({
  installIds: z.array(uuid).min(1).max(1_000),
  seconds: z.number().int().min(5).max(600),
});
export type LeaseRenewal = z.infer<typeof leaseRenewalSchema>;

export const agentErrorSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string().max(2_000),
  field: z.string().max(200).optional(),
});
