import type { InstallState } from "./install-states.ts";
import type { ParameterView } from "./parameters.ts";

/** RFC 1123 host names with at least one label, lower case, at most 253 characters, as Ganeti has instance names. */
export const INSTANCE_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** What a person sees of an instance in one word. Derived by `instanceStatus`. */
export type InstanceStatus =
  | "installing"
  | "install_failed"
  | "running"
  | "stopped"
  | "error_up" // should be stopped and runs
  | "error_down" // should run and doesn't
  | "node_unreachable"
  | "not_installed";

/** A row of the list. Times are ISO 8601, sizes MiB. */
export interface InstanceSummary {
  readonly id: string;
  readonly name: string;
  readonly status: InstanceStatus;
  readonly adminState: "running" | "stopped";
  readonly operState: "running" | "stopped" | null;
  /** `name+variant`; null without a definition. */
  readonly osType: string | null;
  readonly node: string;
  readonly owner: string | null;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskMib: number;
  readonly tags: readonly string[];
  /** The running or last install. */
  readonly install: { readonly id: string; readonly jobId: number; readonly state: InstallState; readonly percent: number | null; readonly step: string | null } | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface DiskView {
  readonly id: string;
  readonly index: number;
  readonly sizeMib: number;
  readonly name: string | null;
}

export interface NicView {
  readonly id: string;
  readonly index: number;
  readonly mac: string;
  readonly ip: string | null;
  readonly mode: string;
  readonly link: string | null;
  readonly name: string | null;
}

export interface InstanceDetail extends InstanceSummary {
  readonly serialNo: number;
  readonly communication: boolean;
  readonly disks: readonly DiskView[];
  readonly nics: readonly NicView[];
  readonly parameters: readonly ParameterView[];
  /** The job that holds the instance. */
  readonly lockedByJobId: number | null;
  /** Why an action can't be taken, by action; an action that isn't named can. */
  readonly blockedActions: Readonly<Partial<Record<InstanceAction, string>>>;
}

export const INSTANCE_ACTIONS = ["start", "stop", "reboot", "reinstall", "cancel", "delete"] as const;
export type InstanceAction = (typeof INSTANCE_ACTIONS)[number];
