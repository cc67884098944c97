/**
 * Jobs in Ganeti's shape: their opcodes, summaries and results (design: rapi, "Conventions"). Private and secret parameters
 * are in them by name, with null.
 */
import type { ErrorCode } from "./errors.ts";

export type Opcode = Readonly<Record<string, unknown>> & { readonly OP_ID: string; readonly instance_name: string };
export type OpcodeStatus = "queued" | "running" | "canceling" | "canceled" | "success" | "error";

/** Who asked, with the time in nanoseconds: Ganeti's reason trail. */
export interface Reason {
  readonly interface: string;
  readonly at: Date;
}

function common(reason: Reason): Readonly<Record<string, unknown>> {
  return { debug_level: 0, priority: 0, depends: null, comment: null, reason: [[`slipway:${reason.interface}`, "", reason.at.getTime() * 1_000_000]] };
}

export interface SentNames {
  /** Null stands for a value that isn't repeated. */
  readonly public: Readonly<Record<string, string | null>>;
  readonly private: readonly string[];
  readonly secret: readonly string[];
}

/** Three maps of an opcode: values of public parameters, names of the others. */
function osparams(sent: SentNames): Readonly<Record<string, unknown>> {
  return {
    osparams: sent.public,
    osparams_private: Object.fromEntries(sent.private.map((name) => [name, null])),
    osparams_secret: Object.fromEntries(sent.secret.map((name) => [name, null])),
  };
}

/** What an instance is installed from, as far as it is public: no user name, no password. */
export interface OpcodeSource {
  readonly image?: { readonly location: string; readonly format: string } | null | undefined;
  readonly installParameters?: Readonly<Record<string, string>> | null | undefined;
  readonly package?: { readonly url: string } | null | undefined;
  readonly inPlace?: boolean | undefined;
}

/** Our own fields beside Ganeti's. What a request doesn't say isn't there. */
function sourceFields({ image, installParameters, package: archive, inPlace }: OpcodeSource): Readonly<Record<string, unknown>> {
  return {
    ...(image === undefined ? {} : { os_image: image?.location ?? "", ...(image === null ? {} : { os_image_format: image.format }) }),
    ...(installParameters === undefined ? {} : { install_params: installParameters ?? {} }),
    ...(archive === undefined ? {} : { personalization_package: archive?.url ?? "" }),
    ...(inPlace === undefined ? {} : { in_place: inPlace }),
  };
}

export interface CreateOpcodeInput {
  readonly name: string;
  readonly osType: string | null;
  readonly node: string | null;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly disks: readonly { readonly sizeMib: number; readonly name?: string | undefined }[];
  readonly nics: readonly { readonly mac?: string | undefined; readonly ip?: string | undefined; readonly mode?: string | undefined; readonly link?: string | undefined; readonly name?: string | undefined }[];
  readonly tags: readonly string[];
  readonly start: boolean;
  readonly communication: boolean;
  readonly sent: SentNames;
  readonly source?: OpcodeSource;
}

export function createOpcodes(input: CreateOpcodeInput, reason: Reason): readonly Opcode[] {
  return [
    {
      dry_run: false,
      ...common(reason),
      OP_ID: "OP_INSTANCE_CREATE",
      instance_name: input.name,
      mode: "create",
      ...(input.osType === null ? {} : { os_type: input.osType }),
      ...(input.node === null ? {} : { pnode: input.node }),
      hypervisor: "kvm",
      disk_template: "file",
      beparams: { vcpus: input.vcpus, maxmem: input.memoryMib, minmem: input.memoryMib },
      hvparams: {},
      disks: input.disks.map(({ sizeMib, name }) => ({ size: sizeMib, ...(name === undefined ? {} : { name }) })),
      nics: input.nics.map((nic) => Object.fromEntries(Object.entries(nic).filter(([, value]) => value !== undefined))),
      ...osparams(input.sent),
      ...sourceFields(input.source ?? {}),
      tags: [...input.tags],
      start: input.start,
      instance_communication: input.communication,
      wait_for_sync: true,
      ip_check: false,
      name_check: false,
    },
  ];
}

/** Shutdown, reinstall and, where the instance runs afterwards, startup: one job. */
export function reinstallOpcodes(
  input: { readonly name: string; readonly instanceId: string | null; readonly osType: string | null; readonly startup: boolean; readonly sent: SentNames; readonly source?: OpcodeSource },
  reason: Reason,
): readonly Opcode[] {
  const target = { instance_name: input.name, ...(input.instanceId === null ? {} : { instance_uuid: input.instanceId }) };
  const shutdown = { ...common(reason), OP_ID: "OP_INSTANCE_SHUTDOWN", ...target, force: false, ignore_offline_nodes: false, timeout: 120, no_remember: false };
  const reinstall = { ...common(reason), OP_ID: "OP_INSTANCE_REINSTALL", ...target, force_variant: false, ...(input.osType === null ? {} : { os_type: input.osType }), ...osparams(input.sent), ...sourceFields(input.source ?? {}) };
  const startup = { ...common(reason), OP_ID: "OP_INSTANCE_STARTUP", ...target, force: false, ignore_offline_nodes: false, hvparams: {}, beparams: {}, no_remember: false, startup_paused: false };
  return input.startup ? [shutdown, reinstall, startup] : [shutdown, reinstall];
}

export function powerOpcodes(input: { readonly name: string; readonly instanceId: string | null; readonly action: "start" | "stop" | "reboot" | "rescue"; readonly graceSeconds: number }, reason: Reason): readonly Opcode[] {
  const target = { instance_name: input.name, ...(input.instanceId === null ? {} : { instance_uuid: input.instanceId }) };
  switch (input.action) {
    case "start":
      return [{ ...common(reason), OP_ID: "OP_INSTANCE_STARTUP", ...target, force: false, ignore_offline_nodes: false, hvparams: {}, beparams: {}, no_remember: false, startup_paused: false }];
    case "stop":
      return [{ ...common(reason), OP_ID: "OP_INSTANCE_SHUTDOWN", ...target, force: false, ignore_offline_nodes: false, timeout: input.graceSeconds, no_remember: false }];
    case "reboot":
      return [{ ...common(reason), OP_ID: "OP_INSTANCE_REBOOT", ...target, reboot_type: input.graceSeconds === 0 ? "hard" : "soft", ignore_secondaries: false, shutdown_timeout: input.graceSeconds }];
    case "rescue":
      return [{ ...common(reason), OP_ID: "OP_INSTANCE_RESCUE", ...target, shutdown_timeout: input.graceSeconds }];
  }
}

/** What is done with the disks of an instance that stands. Rollback and snapshots are ours; Ganeti has nothing like them. */
export type DiskChange =
  | { readonly kind: "rollback"; readonly graceSeconds: number }
  | { readonly kind: "snapshot" | "restore-snapshot" | "delete-snapshot"; readonly snapshot: string }
  | { readonly kind: "rename"; readonly newName: string }
  | { readonly kind: "export"; readonly exportId: string | null; readonly node: string | null };

export function diskChangeOpcodes(input: { readonly name: string; readonly instanceId: string | null }, change: DiskChange, reason: Reason): readonly Opcode[] {
  const target = { instance_name: input.name, ...(input.instanceId === null ? {} : { instance_uuid: input.instanceId }) };
  switch (change.kind) {
    case "rollback":
      return [{ ...common(reason), OP_ID: "OP_INSTANCE_ROLLBACK", ...target, shutdown_timeout: change.graceSeconds }];
    case "snapshot":
    case "restore-snapshot":
    case "delete-snapshot":
      return [{ ...common(reason), OP_ID: `OP_INSTANCE_${change.kind.toUpperCase().replace("-", "_")}`, ...target, snapshot_name: change.snapshot }];
    case "rename":
      return [{ ...common(reason), OP_ID: "OP_INSTANCE_RENAME", ...target, new_name: change.newName, ip_check: false, name_check: false }];
    case "export":
      return [{ ...common(reason), OP_ID: "OP_BACKUP_EXPORT", ...target, mode: "local", target_node: change.node, shutdown: true, shutdown_timeout: 120, remove_instance: false, export_id: change.exportId }];
  }
}

export function deleteOpcodes(input: { readonly name: string; readonly instanceId: string | null }, reason: Reason): readonly Opcode[] {
  return [
    { ...common(reason), OP_ID: "OP_INSTANCE_REMOVE", instance_name: input.name, ...(input.instanceId === null ? {} : { instance_uuid: input.instanceId }), ignore_failures: false, shutdown_timeout: 120 },
  ];
}

export interface ModifyOpcodeInput {
  readonly name: string;
  readonly instanceId: string | null;
  readonly communication: boolean | undefined;
  readonly datasource: string | undefined;
  readonly nics: readonly Readonly<Record<string, unknown>>[] | undefined;
  /** Fields that are changed and whose values aren't repeated. */
  readonly sealed: readonly string[];
}

/** `datasource`, `ssh_keys` and `user_data` are ours; the others Ganeti's. */
export function modifyOpcodes(input: ModifyOpcodeInput, reason: Reason): readonly Opcode[] {
  return [
    {
      dry_run: false,
      ...common(reason),
      OP_ID: "OP_INSTANCE_SET_PARAMS",
      instance_name: input.name,
      ...(input.instanceId === null ? {} : { instance_uuid: input.instanceId }),
      disks: [],
      nics: (input.nics ?? []).map((nic, index) => ["modify", index, Object.fromEntries(Object.entries(nic).filter(([, value]) => value !== undefined))]),
      beparams: {},
      hvparams: {},
      osparams: {},
      ...(input.communication === undefined ? {} : { instance_communication: input.communication }),
      ...(input.datasource === undefined ? {} : { datasource: input.datasource }),
      ...Object.fromEntries(input.sealed.map((name) => [name, null])),
      force: false,
    },
  ];
}

/** Ganeti's summary of each opcode: `INSTANCE_REINSTALL(web-3)`. */
export function summarise(ops: readonly Opcode[]): string[] {
  return ops.map((op) => `${op.OP_ID.replace(/^OP_/, "")}(${op.instance_name})`);
}

/** Ganeti's kind of a prerequisite that isn't met. */
export function prerequisiteKind(code: ErrorCode): string {
  switch (code) {
    case "unknown_object":
    case "unknown_parameter":
      return "unknown_entity";
    case "exists":
      return "already_exists";
    case "conflict":
      return "wrong_state";
    case "no_room":
      return "insufficient_resources";
    case "node_unreachable":
    case "node_refused":
    case "source_failed":
    case "checksum_mismatch":
      return "environment_error";
    case "invalid":
    case "visibility_too_low":
    case "missing_parameter":
    case "missing_secret":
    case "too_large":
    case "disk_too_small":
    case "unsupported":
    case "source_refused":
    case "image_refused":
      return "wrong_input";
    case "not_allowed":
    case "not_signed_in":
    case "too_many_requests":
    case "script_failed":
    case "guest_silent":
    case "timed_out":
    case "cancelled":
    case "process_lost":
    case "agent_restarted":
    case "lease_expired":
    case "internal":
      return "internal_error";
  }
}

/** The result of a job that was refused before anything was touched. */
export function refusedResults(count: number, code: ErrorCode, message: string): unknown[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? ["OpPrereqError", [message, prerequisiteKind(code)]] : precedingFailed()));
}

function precedingFailed(): unknown {
  return ["OpExecError", ["Preceding opcode failed; job will be aborted"]];
}

export type JobOutcome = { readonly status: "success"; readonly result: unknown } | { readonly status: "error"; readonly message: string } | { readonly status: "canceled" };

/**
 * Status and result of every opcode when a job ends. What was done before the failed one keeps its success; what comes after
 * it is failed with Ganeti's own sentence.
 */
export function endOpcodes(before: readonly OpcodeStatus[], outcome: JobOutcome): { status: OpcodeStatus[]; result: unknown[] } {
  if (outcome.status === "success") {
    // A creation answers with the nodes of the instance; the other opcodes with null.
    return { status: before.map(() => "success"), result: before.map((_, index) => (index === 0 ? outcome.result : null)) };
  }
  const stoppedAt = before.findIndex((status) => status !== "success");
  const at = stoppedAt < 0 ? before.length - 1 : stoppedAt;
  if (outcome.status === "canceled") {
    return { status: before.map((status, index) => (index < at ? status : "canceled")), result: before.map(() => null) };
  }
  return {
    status: before.map((status, index) => (index < at ? status : "error")),
    result: before.map((_, index) => (index < at ? null : index === at ? ["OpExecError", [outcome.message]] : precedingFailed())),
  };
}
