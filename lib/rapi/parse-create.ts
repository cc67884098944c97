import { z } from "zod";
import type { CreateInstanceInput } from "#lib/instances/schemas.ts";
import { createInstanceInputSchema } from "#lib/instances/schemas.ts";
import type { JsonObject } from "./body.ts";
import { parseFields, parseOwn, renameField, requireObject, unsupportedField } from "./body.ts";
import { DEFAULT_BACKEND } from "./cluster-defaults.ts";
import { RapiError } from "./errors.ts";
import { osparamsSchema, sentParameters } from "./parse-osparams.ts";
import { liftImage, sentSource, SOURCE_BODY } from "./parse-source.ts";
import { mebibytes } from "./units.ts";

const OPCODE = { className: "OpInstanceCreate", id: "OP_INSTANCE_CREATE" } as const;

const disk = z.strictObject({ size: mebibytes, name: z.string().nullish(), mode: z.literal("rw").optional() });

const nic = z.strictObject({
  ip: z.string().nullish(),
  mac: z.string().nullish(),
  mode: z.string().nullish(),
  link: z.string().nullish(),
  name: z.string().nullish(),
  network: z.string().nullish(),
  bridge: z.null().optional(),
  vlan: z.literal("").nullish(),
});

const beparams = z.strictObject({
  memory: mebibytes.optional(),
  maxmem: mebibytes.optional(),
  minmem: mebibytes.optional(),
  vcpus: z.number().int().optional(),
  auto_balance: z.boolean().optional(),
  always_failover: z.boolean().optional(),
  spindle_use: z.number().int().optional(),
});

/** Fields that say what is to be made. */
const bodySchema = z.object({
  instance_name: z.string(),
  mode: z.literal("create"),
  os_type: z.string().nullish(),
  disk_template: z.enum(["file", "diskless"]).nullish(),
  disks: z.array(disk),
  nics: z.array(nic),
  beparams: beparams.nullish(),
  hvparams: z.record(z.string(), z.unknown()).nullish(),
  hypervisor: z.string().nullish(),
  osparams: osparamsSchema,
  osparams_private: osparamsSchema,
  osparams_secret: osparamsSchema,
  pnode: z.string().nullish(),
  start: z.boolean().nullish(),
  tags: z.array(z.string()).nullish(),
  instance_communication: z.boolean().nullish(),
  /** Not Ganeti's, but its design's. */
  enable_safe_install: z.boolean().nullish(),
  /** A new instance has no disk to keep, so that either answer is the same. */
  in_place: z.boolean().nullish(),
  ...SOURCE_BODY,
});
type Body = z.output<typeof bodySchema>;

/** Fields without a meaning here, whatever they say: how Ganeti waits, checks names and moves disks. */
const WITHOUT_MEANING = [
  "force_variant",
  "wait_for_sync",
  "name_check",
  "ip_check",
  "conflicts_check",
  "ignore_ipolicy",
  "opportunistic_locking",
  "iallocator",
  "file_driver",
  "compress",
  "source_shutdown_timeout",
  "helper_startup_timeout",
  "helper_shutdown_timeout",
  "debug_level",
  "priority",
  "comment",
  "reason",
] as const;

/** Fields that ask for something else than a new instance on one node; left empty they ask for nothing. */
const OUT_OF_REACH = [
  "no_install",
  "identify_defaults",
  "forthcoming",
  "commit",
  "group_name",
  "file_storage_dir",
  "pnode_uuid",
  "snode",
  "snode_uuid",
  "source_handshake",
  "source_instance_name",
  "source_x509_ca",
  "src_node",
  "src_node_uuid",
  "src_path",
  "depends",
] as const;

const FIELDS: ReadonlySet<string> = new Set([...Object.keys(bodySchema.shape), ...WITHOUT_MEANING, ...OUT_OF_REACH]);

/** The request of `POST /2/instances`: version 1 alone, as Ganeti has it since version 2.2. */
export function parseCreate(body: unknown): CreateInstanceInput {
  const { __version__: version = 0, ...fields } = requireObject(body);
  if (version === 0) throw new RapiError(400, "Instance creation request version 0 is no longer supported");
  if (version !== 1) {
    throw new RapiError(400, `Unsupported request data version${typeof version === "number" ? ` ${version}` : ""}`);
  }
  const renamed = renameField(renameField(fields, "os", "os_type"), "name", "instance_name");
  const sent = liftImage(parseFields(OPCODE, FIELDS, bodySchema, renamed));
  refuseWhatIsOutOfReach(renamed, sent);
  return parseOwn(createInstanceInputSchema, translate(sent));
}

function refuseWhatIsOutOfReach(body: JsonObject, sent: Body): void {
  const asked = OUT_OF_REACH.find((field) => body[field] !== undefined && body[field] !== null && body[field] !== false && body[field] !== "");
  if (asked !== undefined) throw unsupportedField(asked, "it is not supported");
  if (Object.keys(sent.hvparams ?? {}).length > 0) throw unsupportedField("hvparams", "hypervisor parameters can't be set");
  if (typeof sent.hypervisor === "string" && sent.hypervisor !== "kvm") throw unsupportedField("hypervisor", "the hypervisor is kvm");
  if (sent.disk_template === "diskless" && sent.disks.length > 0) throw unsupportedField("disks", "a diskless instance has none");
}

/** Into the terms of our own schema, which checks the values themselves. */
function translate(sent: Body): Readonly<Record<string, unknown>> {
  return {
    name: sent.instance_name,
    osType: sent.os_type ?? null,
    ...(typeof sent.pnode === "string" ? { node: sent.pnode } : {}),
    vcpus: sent.beparams?.vcpus ?? DEFAULT_BACKEND.vcpus,
    memoryMib: sent.beparams?.maxmem ?? sent.beparams?.memory ?? sent.beparams?.minmem ?? DEFAULT_BACKEND.memoryMib,
    disks: sent.disks.map(({ size, name }) => ({ sizeMib: size, ...present({ name }) })),
    nics: sent.nics.map(({ ip, mac, mode, link, name, network }) => present({ ip: given(ip), mac: given(mac), mode, link, name, network })),
    ...present({ tags: sent.tags, start: sent.start, communication: sent.instance_communication, safeInstall: sent.enable_safe_install }),
    ...sentSource(sent),
    parameters: sentParameters(sent),
  };
}

/** Ganeti's words for "choose one", "the network's next" and "none". */
function given(value: string | null | undefined): string | null {
  return value === undefined || value === null || ["auto", "generate", "none", "pool"].includes(value) ? null : value;
}

/** Without the members that aren't set. */
function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
}
