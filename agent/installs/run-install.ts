import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { clearScratch } from "./clear-scratch.ts";
import { commitInstall } from "./commit-install.ts";
import { fillDisk } from "./fill-disk.ts";
import type { Install } from "./install.ts";
import { hasMedium, stopsFirst } from "./order-facts.ts";
import { personalizeSystem } from "./personalize-system.ts";
import { type Prepared, wipe } from "./prepared.ts";
import { prepareInstall } from "./prepare-install.ts";
import { rollBack } from "./roll-back.ts";
import { runMedium } from "./run-medium.ts";
import { runScripts } from "./run-scripts.ts";
import { startSystem } from "./start-system.ts";
import { stopSystem } from "./stop-system.ts";

/**
 * The way of one install on its node (design: "How it goes", "Order of things"): a queue, everything checked and fetched before anything
 * is touched, the image on a new disk, the running system stopped as late as possible, scripts and medium, the package laid over what
 * they made, one durable rename as commit point, the new system started and seen to boot. Whatever goes wrong, or a cancellation, ends
 * in `rollBack`. Never throws.
 *
 * @returns null: it is over; else what is to be called again until it says so
 */
export async function runInstall(install: Install): Promise<(() => Promise<boolean>) | null> {
  const { context, order, instance } = install;
  let prepared: Prepared | null = null;
  try {
    await install.enter("queued");
    if (context.slots.isFull) install.log.notice("Waiting: the node installs as many systems at once as it can.");
    let giveBack = await context.slots.take(install.signal);
    try {
      prepared = await prepareInstall(install);
      if (stopsFirst(order)) await stopSystem(install);
      await fillDisk(install, prepared);
      await stopSystem(install);
      await runScripts(install, prepared);
      if (hasMedium(order)) {
        // It runs as long as a person may take, as the instance itself would.
        giveBack();
        await runMedium(install, prepared);
        giveBack = await context.slots.take(install.signal);
      }
      await personalizeSystem(install, prepared);
      wipe(prepared.archive);
      await commitInstall(install, prepared);
    } finally {
      giveBack();
    }
    await clearScratch(instance.folder);
    await startSystem(install);
    return null;
  } catch (error) {
    const failure = toFailure(error, install);
    if (await rollBack(install, failure)) return null;
    install.log.notice("The agent couldn't bring the install to its end: it tries again, and the instance has to wait.");
    return () => rollBack(install, failure);
  } finally {
    wipe(prepared?.archive ?? null);
  }
}

/** Any error as one that can be told, with the step in which it happened. */
function toFailure(error: unknown, install: Install): SlipwayError {
  const step = install.progress.step;
  const where = step === null ? {} : { step };
  if (isSlipwayError(error)) {
    if (error.code === "internal") install.context.log.error({ err: error, install: install.id }, "an install failed in the agent");
    return error.step !== undefined || step === null ? error : new SlipwayError(error.code, error.message, { ...where, cause: error.cause });
  }
  install.context.log.error({ err: error, install: install.id }, "an install failed in the agent");
  return new SlipwayError("internal", "The agent failed; its log says why.", { ...where, cause: error });
}
