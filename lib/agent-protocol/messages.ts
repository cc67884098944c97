/**
 * The messages between a controller and an agent: HTTP/1.1 over mutual TLS, dialled by the controller.
 *
 *   GET    /v1/facts                        NodeFacts
 *   POST   /v1/blobs/missing                BlobList → BlobList, those of them that the node hasn't got
 *   PUT    /v1/blobs/:digest                the bytes; refused unless their sha256 is the digest
 *   GET    /v1/instances/:id                InstanceRuntime
 *   PUT    /v1/instances/:id/power          PowerOrder → InstanceRuntime; idempotent by orderId
 *   PUT    /v1/instances/:id/metadata       GuestData → 204: for a running guest whose agent was restarted
 *   GET    /v1/metadata/wanted              IdList: running guests whose private values this agent hasn't got
 *   POST   /v1/instances/:id/channel        ChannelMessage → 204; a line for the guest to read; idempotent by id
 *   DELETE /v1/instances/:id?order=ID       removes guest, disks and snapshots; idempotent; `&erase=yes` overwrites them first
 *   PUT    /v1/installs/:id                 InstallOrder → InstallStatus (202); the same id twice is one install
 *   GET    /v1/installs/:id                 InstallStatus
 *   POST   /v1/installs/:id/cancel          InstallStatus
 *   POST   /v1/installs/:id/complete        InstallStatus; an administrator ends the wait for a first boot's report
 *   PUT    /v1/instances/:id/disks          DiskOrder → DiskResult; idempotent by orderId, answered when it is done
 *   GET    /v1/instances/:id/console        upgrade to `slipway-console`: bytes of the serial console, both ways; one at a time
 *   POST   /v1/sources/probe                ProbeRequest → ProbeResult: whether image, medium and package can be reached from here
 *   GET    /v1/exports/:id/files/:name      the bytes of a file of an export that this node keeps
 *   PUT    /v1/exports/:id/files/:name?sha256=…  takes one in, for an import; refused unless that is its digest
 *   DELETE /v1/exports/:id                  removes it; idempotent; `?erase=yes` overwrites its files
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
import { GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import { diskImageSchema, mediumSchema, checksumSchema } from "#lib/domain/install-source.ts";
import { SSH_KEY_LENGTH, SSH_KEY_TYPES } from "#lib/domain/ssh-keys.ts";
import { installEntrySchema, installStatusSchema } from "./install-messages.ts";
import { allowPrivateSchema, applianceRefSchema, digestSchema, guestDataSchema, instanceSpecSchema, saidText, shortText, timestamp, uuid, wireCredentialsSchema } from "./parts.ts";

export * from "./install-messages.ts";
export * from "./parts.ts";

export const PROTOCOL_VERSION = 4;

/** What a connection is upgraded to that becomes a serial console. */
export const CONSOLE_PROTOCOL = "slipway-console";

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
  /** Folders of the node in which images and media may lie. */
  imageFolders: z.array(shortText).max(64).default([]),
  /** What NICs can be connected to: bridges by name, and whether routes to them can be made. Session mode has neither. */
  networking: z.strictObject({ bridges: z.array(z.string().max(15)).max(256), routed: z.boolean() }),
});
export type NodeFacts = z.infer<typeof nodeFactsSchema>;

const tcpPort = z.number().int().min(1).max(65_535);
/** A port of a guest, and where on its node it is reached. What isn't on loopback is shown to nobody: lib/instances/nic-view.ts. */
export const reachSchema = z.object({ nic: z.number().int().min(0).max(7), guestPort: tcpPort, host: saidText(64), port: tcpPort });
export type Reach = z.infer<typeof reachSchema>;

/** What was said over a running instance's channel; scrubbed, capped. */
export const channelLineSchema = installEntrySchema.omit({ n: true });
export type ChannelLine = z.infer<typeof channelLineSchema>;

/** A public SSH host key, as the installed system showed it on its console. */
export const hostKeySchema = z.object({ type: z.enum(SSH_KEY_TYPES), key: z.string().max(SSH_KEY_LENGTH) });
export type HostKey = z.infer<typeof hostKeySchema>;

export const agentEventSchema = z.discriminatedUnion("type", [
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("install.entries"), installId: uuid, entries: z.array(installEntrySchema).max(500), status: installStatusSchema }),
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("install.state"), installId: uuid, status: installStatusSchema }),
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("instance.power"), instanceId: uuid, power: z.enum(["running", "stopped"]), reason: shortText.nullable(), rescue: z.boolean().default(false), reach: z.array(reachSchema).max(128).default([]) }),
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("instance.lines"), instanceId: uuid, lines: z.array(channelLineSchema).max(500) }),
  z.object({ seq: z.number().int(), at: timestamp, type: z.literal("instance.host-keys"), instanceId: uuid, keys: z.array(hostKeySchema).max(8) }),
]);
export type AgentEvent = z.infer<typeof agentEventSchema>;

/** First line of an event stream. Another id than before means another journal: read from its start. */
export const journalHeadSchema = z.object({ journal: uuid, firstSeq: z.number().int(), lastSeq: z.number().int() });
export type JournalHead = z.infer<typeof journalHeadSchema>;

export const powerOrderSchema = z.strictObject({
  orderId: uuid,
  /** `rescue`: the appliance with a shell on the serial console and the instance's disks, until it is stopped. */
  action: z.enum(["start", "stop", "reboot", "rescue"]),
  /** For `rescue`. */
  appliance: applianceRefSchema.nullable().default(null),
  /** For stop and reboot: seconds for the guest to go by itself before it is ended. 0: at once. */
  graceSeconds: z.number().int().min(0).max(3_600),
  instance: instanceSpecSchema,
  /** Where the guest is started with communication on. encode-order.ts is its only way onto the wire. */
  guestData: guestDataSchema.nullable(),
});
export type PowerOrder = z.output<typeof powerOrderSchema>;

/** Work on the disks of an instance that no install holds. */
export const diskOrderSchema = z.discriminatedUnion("action", [
  /**
   * Takes back the swap of an install that is over: its previous disks are the instance's again, and those of now are kept under
   * `keepAs` as long as said. A running system is stopped before, and started again as `start` says.
   */
  z.strictObject({
    action: z.literal("rollback"),
    orderId: uuid,
    installId: uuid,
    keepAs: uuid,
    retainSeconds: z.number().int().min(0),
    graceSeconds: z.number().int().min(0).max(3_600),
    start: z.boolean().nullable(),
    instance: instanceSpecSchema,
    guestData: guestDataSchema.nullable(),
    erase: z.boolean(),
  }),
  /** The instance is stopped. */
  z.strictObject({ action: z.literal("snapshot"), orderId: uuid, snapshotId: uuid, disks: z.array(z.number().int().min(0).max(15)).min(1).max(16) }),
  z.strictObject({ action: z.literal("restore-snapshot"), orderId: uuid, snapshotId: uuid, disks: z.array(z.number().int().min(0).max(15)).min(1).max(16), erase: z.boolean() }),
  z.strictObject({ action: z.literal("delete-snapshot"), orderId: uuid, snapshotId: uuid, erase: z.boolean() }),
]);
export type DiskOrder = z.output<typeof diskOrderSchema>;

/** `usedMib`: what a snapshot takes on the node by itself. */
export const diskResultSchema = z.object({ power: z.enum(["running", "stopped"]), usedMib: z.number().int().min(0) });
export type DiskResult = z.infer<typeof diskResultSchema>;

export const probeRequestSchema = z.strictObject({
  image: diskImageSchema.nullable(),
  medium: mediumSchema,
  package: z.strictObject({ url: z.string().max(2_048), checksum: checksumSchema.nullable(), credentials: wireCredentialsSchema }).nullable(),
  allowPrivate: allowPrivateSchema,
});
export type ProbeRequest = z.output<typeof probeRequestSchema>;

/** One for each that was asked about. `field`: image, medium.NAME or package. Sizes where the server or file says one. */
export const probeResultSchema = z.object({
  findings: z.array(z.object({ field: saidText(100), ok: z.boolean(), text: shortText, bytes: z.number().int().min(0).nullable(), virtualBytes: z.number().int().min(0).nullable() })).max(32),
});
export type ProbeResult = z.infer<typeof probeResultSchema>;

export const instanceRuntimeSchema = z.object({
  instanceId: uuid,
  power: z.enum(["running", "stopped"]),
  startedAt: timestamp.nullable(),
  /** It runs the appliance with a shell, not its own system. */
  rescue: z.boolean().default(false),
  /** The install that holds the instance, if any. */
  installId: uuid.nullable(),
  reach: z.array(reachSchema).max(128),
  /** The journal's last event when this was said: events up to it are older news. */
  journal: uuid,
  journalSeq: z.number().int().min(0),
});
export type InstanceRuntime = z.infer<typeof instanceRuntimeSchema>;

/** Folders that look like OS definitions, by name. Where two roots have the same name the first counts, as in Ganeti. */
export const folderListSchema = z.strictObject({ folders: z.array(z.strictObject({ name: z.string().min(1).max(64), root: saidText(1_000) })).max(1_000) });
export type FolderList = z.infer<typeof folderListSchema>;

export const idListSchema = z.strictObject({ ids: z.array(uuid).max(100_000) });

/** A line for a guest to read from its channel, no line feed in it. */
export const channelMessageSchema = z.strictObject({
  id: uuid,
  /** `user NAME` */
  author: z.string().min(1).max(100),
  line: z.string().min(1).max(GUEST_LIMITS.lineBytes).regex(/^[^\n\r\0]*$/),
});
export type ChannelMessage = z.infer<typeof channelMessageSchema>;

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
