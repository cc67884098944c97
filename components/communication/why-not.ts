import type { InstanceDetail } from "#lib/domain/instance.ts";
import { ACTIVE_STATES, isFinal } from "#lib/domain/install-states.ts";
import type { InstallView } from "#lib/domain/views.ts";

/** Why no line can be sent to an instance now; null: it can. */
export function whyNotSent(instance: Pick<InstanceDetail, "status" | "operState" | "communication">): string | null {
  if (instance.status === "installing") return "An install is running. Lines to its appliance are sent from the page of the install.";
  if (instance.status === "node_unreachable") return "The node doesn’t answer.";
  if (instance.operState !== "running") return "It doesn’t run.";
  return instance.communication ? null : "The communication mechanism is off.";
}

/** Why no line can be sent to the appliance of an install now; null: it can. */
export function whyNotSentToAppliance({ state, plan }: { readonly state: InstallView["state"]; readonly plan: Pick<InstallView["plan"], "appliance"> }): string | null {
  if (plan.appliance === null) return "This install has no appliance that would read it.";
  if (isFinal(state) || state === "starting") return "The appliance has gone.";
  return ACTIVE_STATES.indexOf(state) < ACTIVE_STATES.indexOf("imaging") ? "The appliance hasn’t started yet." : null;
}
