/** What an instance is, in one word, and what can't be done with it now, with the reason. */
import type { InstallState } from "./install-states.ts";
import { isFinal } from "./install-states.ts";
import type { InstanceAction, InstanceStatus } from "./instance.ts";

export interface InstanceFacts {
  readonly installState: InstallState | null;
  readonly adminState: "running" | "stopped";
  readonly operState: "running" | "stopped" | null;
  readonly node: { readonly name: string; readonly state: "enrolling" | "online" | "unreachable"; readonly stateReason: string | null; readonly offline: boolean };
}

/** A node that can't be spoken with, as a sentence; null: it answers. */
export function nodeProblem(node: InstanceFacts["node"]): string | null {
  if (node.offline) return `Node ${node.name} is marked offline.`;
  switch (node.state) {
    case "online":
      return null;
    case "enrolling":
      return `Node ${node.name} has not enrolled yet.`;
    case "unreachable":
      return node.stateReason === null ? `Node ${node.name} does not answer.` : `Node ${node.name} does not answer: ${node.stateReason}`;
  }
}

export function instanceStatus(facts: InstanceFacts): InstanceStatus {
  if (facts.installState !== null && !isFinal(facts.installState)) return "installing";
  // Known whatever the node says: an imported instance's node may have no agent yet.
  if (facts.installState === null) return "not_installed";
  if (nodeProblem(facts.node) !== null) return "node_unreachable";
  if (facts.installState !== "done") return "install_failed";
  const runs = facts.operState === "running";
  if (facts.adminState === "running") return runs ? "running" : "error_down";
  return runs ? "error_up" : "stopped";
}

/** Why an action can't be taken now, by action. One that isn't named can. `lock`: the job that holds the instance. */
export function blockedActions(
  facts: InstanceFacts,
  lock: { readonly jobId: number; readonly cancelRequested: boolean } | null,
): Partial<Record<InstanceAction, string>> {
  if (lock !== null) {
    const held = `Job ${lock.jobId} is working on this instance.`;
    const blocked = { start: held, stop: held, reboot: held, reinstall: held, delete: held };
    return lock.cancelRequested ? { ...blocked, cancel: `Job ${lock.jobId} is being cancelled already.` } : blocked;
  }
  const blocked: Partial<Record<InstanceAction, string>> = { cancel: "No job is working on this instance." };
  const unreachable = nodeProblem(facts.node);
  if (unreachable !== null) return { ...blocked, start: unreachable, stop: unreachable, reboot: unreachable, reinstall: unreachable, delete: unreachable };
  const runs = facts.operState === "running";
  if (facts.installState !== "done" && !runs) {
    const empty = facts.installState === null ? "Nothing is installed on it yet." : "Its install did not finish.";
    return { ...blocked, start: empty, stop: "It is stopped.", reboot: empty };
  }
  return runs ? { ...blocked, start: "It is running." } : { ...blocked, stop: "It is stopped.", reboot: "It is stopped." };
}
