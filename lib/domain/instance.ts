import type { InstallSource } from "./install-source.ts";
import type { InstallState } from "./install-states.ts";
import type { HostKeyView, ReachView } from "./network.ts";
import type { ParameterView } from "./parameters.ts";
import type { PreviousSystemView } from "./previous-system-views.ts";

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

/** What a guest's firmware says that it is, which is how an unprepared image finds its metadata. */
export const DATASOURCES = ["openstack", "ec2", "none"] as const;
export type Datasource = (typeof DATASOURCES)[number];

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
  /** Name of the network that its address is from. */
  readonly network: string | null;
  /** Mode `user`: ports of the guest that its node forwards. */
  readonly forwards: readonly number[];
  /** Where those are reached while it runs, as the agent last said. */
  readonly reach: readonly ReachView[];
}

export interface InstanceDetail extends InstanceSummary {
  readonly serialNo: number;
  /** The communication mechanism in normal running, from the next start on. */
  readonly communication: boolean;
  readonly datasource: Datasource;
  /** Each a line as ssh-keygen writes it. */
  readonly sshKeys: readonly string[];
  /** Private: that it is set, and its fingerprint. */
  readonly userData: { readonly isSet: boolean; readonly fingerprint: string | null };
  /** What the installed system said of its SSH host keys; null: nothing yet. */
  readonly hostKeys: readonly HostKeyView[] | null;
  /** The communication mechanism's address that the instance holds; null on a session-mode node. */
  readonly channelIp: string | null;
  readonly disks: readonly DiskView[];
  readonly nics: readonly NicView[];
  readonly parameters: readonly ParameterView[];
  /** Image, medium and package that were asked for and that a reinstall uses again; what its definition gives beside that isn't in it. */
  readonly installSource: InstallSource;
  /** The system that the last install replaced, while it is kept; null: there is none to go back to. */
  readonly previous: PreviousSystemView | null;
  /** It runs the appliance with a shell on its console, not its own system. */
  readonly rescue: boolean;
  /** The job that holds the instance. */
  readonly lockedByJobId: number | null;
  /** Why an action can't be taken, by action; an action that isn't named can. */
  readonly blockedActions: Readonly<Partial<Record<InstanceAction, string>>>;
}

export const INSTANCE_ACTIONS = ["start", "stop", "reboot", "rescue", "reinstall", "rollback", "snapshot", "rename", "export", "cancel", "delete"] as const;
export type InstanceAction = (typeof INSTANCE_ACTIONS)[number];
