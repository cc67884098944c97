/** What an instance is, in one word, and what can't be done with it now, with the reason. */
import type { InstallState } from "./install-states.ts";
import { isFinal } from "./install-states.ts";
import { INSTANCE_ACTIONS } from "./instance.ts";
import type { InstanceAction, InstanceStatus } from "./instance.ts";

export interface InstanceFacts {
  readonly installState: InstallState | null;
  readonly adminState: "running" | "stopped";
  readonly operState: "running" | "stopped" | null;
  readonly node: { readonly name: string; readonly state: "enrolling" | "online" | "unreachable"; readonly stateReason: string | null; readonly offline: boolean };
}

/** What decides beside these which actions can be taken. */
export interface ActionFacts extends InstanceFacts {
  readonly hasDefinition: boolean;
  /** A system that the last install replaced is kept. */
  readonly hasPrevious: boolean;
  /** It runs the appliance with a shell, not its own system. */
  readonly rescue: boolean;
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
export function blockedActions(facts: ActionFacts, lock: { readonly jobId: number; readonly cancelRequested: boolean } | null): Partial<Record<InstanceAction, string>> {
  if (lock !== null) {
    const held = allBut("cancel", `Job ${lock.jobId} is working on this instance.`);
    return lock.cancelRequested ? { ...held, cancel: `Job ${lock.jobId} is being cancelled already.` } : held;
  }
  const cancel = "No job is working on this instance.";
  const unreachable = nodeProblem(facts.node);
  if (unreachable !== null) return { ...allBut("cancel", unreachable), cancel };
  return { cancel, ...powerBlocks(facts), ...systemBlocks(facts) };
}

function allBut(free: InstanceAction, reason: string): Partial<Record<InstanceAction, string>> {
  return Object.fromEntries(INSTANCE_ACTIONS.filter((action) => action !== free).map((action) => [action, reason]));
}

function powerBlocks(facts: ActionFacts): Partial<Record<InstanceAction, string>> {
  const runs = facts.operState === "running";
  const running = "It is running.";
  const stopped = "It is stopped.";
  if (facts.installState !== "done" && !runs) {
    const empty = emptyReason(facts);
    // With the appliance one may look at what an install that failed has left.
    return { start: empty, stop: stopped, reboot: empty, ...(facts.installState === null ? { rescue: empty } : {}) };
  }
  if (!runs) return { stop: stopped, reboot: stopped };
  return facts.rescue ? { start: "It runs its rescue system: stop or reboot it to come back to its own.", rescue: "It runs its rescue system." } : { start: running };
}

/** What needs a system that stands, or scripts that know it. */
function systemBlocks(facts: ActionFacts): Partial<Record<InstanceAction, string>> {
  const empty = facts.installState === "done" ? null : emptyReason(facts);
  const unscripted = empty ?? (facts.hasDefinition ? null : "It has no OS definition whose script could do it.");
  return {
    ...(facts.hasPrevious ? {} : { rollback: "No previous system is kept." }),
    ...(facts.operState === "running" ? { snapshot: "It is running." } : empty === null ? {} : { snapshot: empty }),
    ...(unscripted === null ? {} : { rename: unscripted, export: unscripted }),
  };
}

function emptyReason({ installState }: InstanceFacts): string {
  return installState === null ? "Nothing is installed on it yet." : "Its install did not finish.";
}
