import { describeFirstBoot, watchFirstBoot } from "./first-boot.ts";
import type { Install } from "./install.ts";
import { confirmFirstBoot } from "./confirm-first-boot.ts";
import { confirmsFirstBoot, isNewInstance, writesInPlace } from "./order-facts.ts";

/**
 * Power as it was or as it was asked for, and the first boot seen (design: install, "Power state comes back as it was"). With its end
 * the install is done, and nothing of it knows a secret any more, but for the patterns of a system whose first boot nobody watches.
 */
export async function startSystem(install: Install): Promise<void> {
  const { order, instance, progress, record } = install;
  let firstBootAt: string | null = null;
  const isUnwatched = record.boots && !confirmsFirstBoot(order) && bootMarkerOf(install) === null;
  if (confirmsFirstBoot(order)) firstBootAt = await confirmFirstBoot(install);
  else if (record.boots) firstBootAt = await bootSystem(install);
  const privatePatterns = await install.patterns.onlyPrivate();
  install.signal.throwIfAborted();
  progress.complete();
  // Secrets are done with, once the system has booted; private values stay out of what is shown for as long as this agent runs.
  if (isUnwatched) instance.setPatternsIn(order.firstBootSeconds, privatePatterns);
  else instance.setPatterns(privatePatterns);
  const keeps = !isNewInstance(order) && !writesInPlace(order) && order.operation !== "export";
  const previousUntil = keeps ? new Date(Date.now() + order.retainPreviousSeconds * 1_000).toISOString() : null;
  await install.close("done", null, { previousUntil, status: { ...install.status, firstBootAt } });
}

/** After an export the old system goes on: there is nothing to be confirmed. */
function bootMarkerOf({ order }: Install): string | null {
  return order.operation === "export" ? null : (order.os?.bootMarker ?? null);
}

/** Returns when the new system was seen to be up; null: it wasn't. */
async function bootSystem(install: Install): Promise<string | null> {
  const { order, instance, progress, log } = install;
  await install.enter("starting");
  progress.begin("boot");
  log.state();
  const watch = watchFirstBoot(instance, bootMarkerOf(install), order.firstBootSeconds);
  await instance.inTurn(() => instance.start(order.instance, install.guestData));
  const outcome = await watch.outcome(install.signal);
  const remark = describeFirstBoot(outcome, order.firstBootSeconds);
  if (remark !== null) log.notice(remark);
  return outcome === "confirmed" ? new Date().toISOString() : null;
}
