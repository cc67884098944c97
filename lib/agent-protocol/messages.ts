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
import { USER_DATA_BYTES, userDataBytes } from "#lib/domain/instance-limits.ts";
import { DATASOURCES } from "#lib/domain/instance.ts";
import { INSTALL_OPERATIONS } from "#lib/domain/install-plan.ts";
import { checksumSchema, diskImageSchema, mediumSchema } from "#lib/domain/install-source.ts";
import { ACTIVE_STATES, FINAL_STATES } from "#lib/domain/install-states.ts";
import { APPLIANCE_KINDS, expectedStepSchema, IMAGE_USES } from "#lib/domain/os-definition.ts";
import type { ParameterSet, ParameterValue } from "#lib/domain/parameters.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "#lib/domain/parameters.ts";
import { SSH_KEY_LENGTH, SSH_KEY_TYPES } from "#lib/domain/ssh-keys.ts";
import { type Private, privateValue, type Secret, secretValue, VISIBILITIES } from "#lib/domain/visibility.ts";

export const PROTOCOL_VERSION = 4;

/** What a connection is upgraded to that becomes a serial console. */
export const CONSOLE_PROTOCOL = "slipway-console";

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
  /** Folders of the node in which images and media may lie. */
  imageFolders: z.array(shortText).max(64).default([]),
  /** What NICs can be connected to: bridges by name, and whether routes to them can be made. Session mode has neither. */
  networking: z.strictObject({ bridges: z.array(z.string().max(15)).max(256), routed: z.boolean() }),
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

const wireParametersSchema = z
  .record(z.string().regex(PARAMETER_NAME), wireParameterSchema)
  .transform((record): ParameterSet => new Map(Object.entries(record)));

/** User data are private, whatever is in them. */
const wireUserDataSchema = z
  .string()
  .refine((text) => text.length <= USER_DATA_BYTES && userDataBytes(text) <= USER_DATA_BYTES, `must be at most ${USER_DATA_BYTES} bytes in UTF-8`)
  .transform((text): Private<string> => privateValue(text))
  .nullable();

/**
 * By which user data are told from others, without them: their fingerprint, keyed by the controller. A node may keep it on disk. Left out:
 * there are none, or nobody compares.
 */
const userDataMark = z.string().min(1).max(100).optional();

/** What a running guest may read of itself and nobody else: on a node in memory alone. No secret is part of it. */
export const guestDataSchema = z.strictObject({ parameters: wireParametersSchema, userData: wireUserDataSchema, userDataMark });
export type GuestData = z.output<typeof guestDataSchema>;

/** `rootDigest`: the full userland as a squashfs, wherever the appliance has one. `contract`: appliance/README.md. */
export const applianceRefSchema = z.strictObject({ kernelDigest: digestSchema, initrdDigest: digestSchema, rootDigest: digestSchema.nullable(), contract: z.number().int().min(1).max(2) });
export type ApplianceRef = z.infer<typeof applianceRefSchema>;

/** A user name and password for a package, a secret: in memory alone. Sent as one text, `name:password`, as basic authentication has it. */
const wireCredentialsSchema = z
  .string()
  .max(1_024)
  .transform((text): Secret<string> => secretValue(text))
  .nullable();

/** Hosts, addresses and CIDR ranges of private networks from which an administrator lets images and packages be fetched. */
const allowPrivateSchema = z.array(z.string().min(1).max(253)).max(64);

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
