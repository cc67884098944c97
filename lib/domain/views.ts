/** What reads answer, for every interface. Times are ISO 8601; no private or secret value is in any of them. */
import type { Role } from "./access.ts";
import type { InstallOperation, InstallPlan } from "./install-plan.ts";
import type { ActiveInstallState, InstallState } from "./install-states.ts";
import type { ParameterSource, Visibility } from "./parameters.ts";
import type { ErrorCode } from "./errors.ts";

export interface InstallStepView {
  readonly id: string;
  readonly label: string;
  readonly source: "agent" | "guest";
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** What an install was made of, as the node found it. Digests are sha256, lower-case hex. */
export interface InstallFactsView {
  /** `sha256` of the file as it was fetched, `writtenSha256` of what was read back from the disk, over `virtualBytes`. */
  readonly image: { readonly sha256: string; readonly bytes: number; readonly writtenSha256: string; readonly virtualBytes: number } | null;
  readonly package: { readonly sha256: string; readonly bytes: number } | null;
  /** Files of a medium, by installation parameter. */
  readonly media: readonly { readonly name: string; readonly sha256: string; readonly bytes: number }[];
  /** Of an export. */
  readonly files: readonly { readonly index: number; readonly name: string; readonly sha256: string; readonly bytes: number }[];
}

/** When an install came to a stage, as its node said. */
export interface InstallStageView {
  readonly state: ActiveInstallState;
  readonly at: string;
}

export interface InstallView {
  readonly id: string;
  readonly jobId: number;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly node: string;
  readonly state: InstallState;
  /** 0 to 100; null before anything was said. */
  readonly percent: number | null;
  readonly step: string | null;
  readonly message: string | null;
  readonly steps: readonly InstallStepView[];
  readonly plan: InstallPlan;
  readonly parameters: readonly { readonly name: string; readonly visibility: Visibility; readonly from: ParameterSource; readonly value: string | null; readonly fingerprint: string | null }[];
  readonly requester: string;
  readonly acceptedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly firstBootAt: string | null;
  readonly lastContactAt: string | null;
  readonly timeoutSeconds: number | null;
  readonly expectedSeconds: number | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly step: string | null } | null;
  /** In place, and something was written: what was on the disk is gone. */
  readonly overwritten: boolean;
  /** Completion `first_boot`: whether the guest reported; false reads "ended, unconfirmed". Null: another completion, or not over. */
  readonly confirmed: boolean | null;
  readonly facts: InstallFactsView;
  /** Each that was entered, once, in order. */
  readonly stages: readonly InstallStageView[];
  readonly hasReceipt: boolean;
  /** Number of the last entry in the log. */
  readonly lastSeq: number;
}

/** A row of a list of installs. */
export interface InstallSummary
  extends Pick<
    InstallView,
    "id" | "jobId" | "instanceId" | "instanceName" | "node" | "state" | "percent" | "step" | "message" | "requester" | "acceptedAt" | "startedAt" | "endedAt" | "expectedSeconds" | "error"
  > {
  readonly operation: InstallOperation;
  /** `name+variant`; null: without an OS definition. */
  readonly osType: string | null;
}

export interface InstallEntryView {
  readonly seq: number;
  readonly at: string;
  readonly kind: "log" | "progress" | "state" | "notice" | "message";
  /** `guest`, `agent`, `user NAME`, `host script`; null: from before authors were told apart. */
  readonly author: string | null;
  readonly text: string | null;
  readonly step: string | null;
  readonly percent: number | null;
}

export const JOB_STATUSES = ["queued", "running", "canceling", "canceled", "success", "error"] as const;
export type JobStatusName = (typeof JOB_STATUSES)[number];

export interface JobSummary {
  readonly id: number;
  readonly status: JobStatusName;
  /** Ganeti's summary of each opcode: `INSTANCE_REINSTALL(web-3)`. */
  readonly summary: readonly string[];
  readonly instanceName: string | null;
  readonly requester: string;
  readonly interface: string;
  readonly installId: string | null;
  readonly percent: number | null;
  readonly receivedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
}

export interface JobDetail extends JobSummary {
  /** Opcodes in Ganeti's shape, private and secret parameters by name with null. */
  readonly ops: readonly Readonly<Record<string, unknown>>[];
  readonly opStatus: readonly JobStatusName[];
  readonly opResult: readonly unknown[];
  readonly log: readonly { readonly serial: number; readonly opIndex: number; readonly at: string; readonly message: string }[];
  readonly secretNames: readonly string[];
  readonly cancelRequested: boolean;
}

export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly state: "enrolling" | "online" | "unreachable";
  readonly stateReason: string | null;
  readonly offline: boolean;
  readonly drained: boolean;
  readonly address: string | null;
  readonly agentVersion: string | null;
  readonly cpus: number | null;
  readonly memoryTotalMib: number | null;
  readonly memoryFreeMib: number | null;
  readonly diskTotalMib: number | null;
  readonly diskFreeMib: number | null;
  readonly accelerator: "kvm" | "tcg" | null;
  readonly acceleratorReason: string | null;
  /** How its agent connects guests; null: it hasn't said. */
  readonly mode: "session" | "system" | "simulated" | null;
  /** What NICs can be connected to: bridges by name, and whether routes to them can be made. */
  readonly bridges: readonly string[];
  readonly routed: boolean;
  readonly instanceCount: number;
  readonly lastSeenAt: string | null;
}

export interface UserView {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly disabled: boolean;
}

export interface ClusterView {
  readonly uuid: string;
  readonly name: string;
  readonly installTimeoutSeconds: number | null;
  readonly diskRetentionSeconds: number;
  readonly hostScripts: boolean;
  readonly enableSafeInstall: boolean;
  /** The metadata service answers only who has asked for a token first. */
  readonly requireMetadataTokens: boolean;
  /** The appliance that installs use. */
  readonly applianceDigest: string | null;
  /** For an install by a medium or one that waits for its system's word; null: no limit. */
  readonly mediumTimeoutSeconds: number | null;
  /** Hosts, addresses and CIDR ranges of private networks from which images, media and packages may be fetched. */
  readonly privateSources: readonly string[];
  /** Disks that go are overwritten first. */
  readonly eraseDisks: boolean;
  readonly serialNo: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}
