/** The states of an install and how they follow each other (design: "Installing an instance", "How it goes"). */

export const ACTIVE_STATES = [
  "accepted",
  "queued",
  "preparing",
  "imaging",
  "installing",
  "personalizing",
  "verifying",
  "starting",
] as const;
export const FINAL_STATES = ["done", "failed", "cancelled", "timed_out"] as const;

export type ActiveInstallState = (typeof ACTIVE_STATES)[number];
export type FinalInstallState = (typeof FINAL_STATES)[number];
export type InstallState = ActiveInstallState | FinalInstallState;

export function isFinal(state: InstallState): state is FinalInstallState {
  return (FINAL_STATES as readonly string[]).includes(state);
}

/**
 * Whether an install may go from one state to another: forward through the active ones (stages that a plan has no use for
 * are passed over), from any active one to any final one, and from a final one nowhere. `done` only from `starting`, or
 * from `verifying` where the instance stays stopped.
 */
export function mayFollow(from: InstallState, to: InstallState): boolean {
  if (isFinal(from)) return false;
  if (to === "done") return from === "starting" || from === "verifying";
  if (isFinal(to)) return true;
  return ACTIVE_STATES.indexOf(to) > ACTIVE_STATES.indexOf(from);
}

/** How an install ends is part of its plan (design: "Success is said, not inferred"). */
export type Completion = "reported" | "written" | "first_boot";
