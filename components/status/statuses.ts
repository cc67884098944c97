import type { InstanceStatus } from "#lib/domain/instance.ts";
import type { InstallState } from "#lib/domain/install-states.ts";
import type { JobStatusName, NodeView } from "#lib/domain/views.ts";
import type { Tone } from "./mark.tsx";

/** The word and the mark of every state that something can be in. */
export interface StatusLook {
  readonly tone: Tone;
  readonly word: string;
}

export const INSTANCE_STATUS: Readonly<Record<InstanceStatus, StatusLook>> = {
  installing: { tone: "work", word: "Installing" },
  install_failed: { tone: "bad", word: "Install failed" },
  running: { tone: "ok", word: "Running" },
  stopped: { tone: "still", word: "Stopped" },
  error_up: { tone: "bad", word: "Runs, should be stopped" },
  error_down: { tone: "bad", word: "Down, should run" },
  node_unreachable: { tone: "unknown", word: "Node doesn't answer" },
  not_installed: { tone: "wait", word: "Not installed" },
};

/** In the order in which the filter offers them. */
export const INSTANCE_STATUSES: readonly InstanceStatus[] = [
  "running",
  "stopped",
  "installing",
  "install_failed",
  "error_down",
  "error_up",
  "node_unreachable",
  "not_installed",
];

export const INSTALL_STATE: Readonly<Record<InstallState, StatusLook>> = {
  accepted: { tone: "wait", word: "Accepted" },
  queued: { tone: "wait", word: "Queued" },
  preparing: { tone: "work", word: "Preparing" },
  imaging: { tone: "work", word: "Writing the image" },
  installing: { tone: "work", word: "Installing" },
  personalizing: { tone: "work", word: "Personalizing" },
  verifying: { tone: "work", word: "Verifying" },
  starting: { tone: "work", word: "Starting" },
  done: { tone: "ok", word: "Installed" },
  failed: { tone: "bad", word: "Failed" },
  cancelled: { tone: "still", word: "Cancelled" },
  timed_out: { tone: "bad", word: "Timed out" },
};

export const JOB_STATUS: Readonly<Record<JobStatusName, StatusLook>> = {
  queued: { tone: "wait", word: "Queued" },
  running: { tone: "work", word: "Running" },
  canceling: { tone: "wait", word: "Cancelling" },
  canceled: { tone: "still", word: "Cancelled" },
  success: { tone: "ok", word: "Done" },
  error: { tone: "bad", word: "Failed" },
};

export function nodeStatus(node: Pick<NodeView, "state" | "offline" | "drained">): StatusLook {
  if (node.offline) return { tone: "still", word: "Offline" };
  switch (node.state) {
    case "enrolling":
      return { tone: "wait", word: "Waiting for its agent" };
    case "unreachable":
      return { tone: "unknown", word: "Doesn't answer" };
    case "online":
      return node.drained ? { tone: "wait", word: "Drained" } : { tone: "ok", word: "Online" };
  }
}
