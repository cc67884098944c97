import type { InstallPlan } from "./install-plan.ts";
import type { PlacementFacts } from "./place-scripts.ts";
import { placeScript } from "./place-scripts.ts";
import type { Refusal } from "./plan-refusals.ts";

/**
 * Whether a host still may run what an accepted plan has there, by the facts of this moment: the executor asks right before the
 * order goes out. What was accepted is otherwise kept as it is, also where it would be planned differently by now.
 *
 * @param now of the very version that the plan names.
 * @returns null: it may, or the plan has nothing on a host.
 */
export function refuseHostNow(plan: Pick<InstallPlan, "runs">, now: Omit<PlacementFacts, "safeInstall">): Refusal | null {
  const run = plan.runs.find(({ place }) => place === "host");
  if (run === undefined) return null;
  // A plan with a host half was accepted with either answer; the halves are what they were.
  const placed = placeScript(run.script, { ...now, safeInstall: true });
  if (placed.ok && placed.places.includes("host")) return null;
  const begin = `OS definition ${now.definition} was to run a script on the host`;
  if (!now.isTrusted) return { code: "not_allowed", message: `${begin}, and isn't trusted any more. Nothing was sent to the node.`, field: "osType" };
  if (!now.clusterAllowsHostScripts) return { code: "not_allowed", message: `${begin}, and the cluster forbids that now. Nothing was sent to the node.`, field: "osType" };
  return { code: "unsupported", message: `${begin}, and the node's agent runs none any more. Nothing was sent to the node.`, field: "osType" };
}
