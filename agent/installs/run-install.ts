import { mkdir } from "node:fs/promises";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { createDisk, finishSwap, keepPrevious, swapFirstDisk, syncDisk, verifyDisk } from "./disks.ts";
import { describeFirstBoot, watchFirstBoot } from "./first-boot.ts";
import type { Install } from "./install.ts";
import { preflight } from "./preflight.ts";
import { rollBack } from "./roll-back.ts";
import { runCreate } from "./run-create.ts";
import { runVerify } from "./run-verify.ts";

/** For the running system to go by itself before a reinstall: seconds. */
const STOP_GRACE_SECONDS = 10;

/**
 * The way of one install on its node (design: "How it goes", "Order of things"): a queue, everything checked before anything is
 * touched, new disks, the running system stopped as late as possible, the appliance, one durable rename as commit point, the
 * new system started and seen to boot. Whatever goes wrong, or a cancellation, ends in `rollBack`. Never throws.
 */
export async function runInstall(install: Install): Promise<void> {
  const { context } = install;
  try {
    await install.enter("queued");
    if (context.slots.isFull) install.log.notice("Waiting: the node installs as many systems at once as it can.");
    const giveBack = await context.slots.take(install.signal);
    try {
      await fillAndSwap(install);
    } finally {
      giveBack();
    }
    await startSystem(install);
  } catch (error) {
    await rollBack(install, toFailure(error, install));
  }
}

async function fillAndSwap(install: Install): Promise<void> {
  const { order, instance, context, progress } = install;
  await install.enter("preparing");
  progress.begin("prepare");
  await install.preparePatterns();
  const scripts = await preflight(install);
  await context.hypervisor.probe({ kernel: context.blobs.path(order.appliance.kernelDigest), initrd: context.blobs.path(order.appliance.initrdDigest) });
  // A reinstall leaves the data disks alone: the appliance doesn't even see them.
  const disks = order.instance.disks.filter(({ index }) => index === 0 || order.operation === "create");
  await mkdir(instance.folder, { recursive: true, mode: 0o700 });
  for (const { index, sizeMib } of disks) await createDisk(instance.folder, index, sizeMib);
  progress.finish();
  install.signal.throwIfAborted();
  await runVerify(install, scripts);
  install.signal.throwIfAborted();
  await install.enter("installing");
  install.keepBefore();
  await stopSystem(install);
  await runCreate(
    install,
    disks.map(({ index }) => index),
    scripts,
  );
  progress.guestFinished();
  await install.enter("verifying");
  progress.begin("swap");
  for (const { index, sizeMib } of disks) {
    if (index === 0) await verifyDisk(instance.folder, index, sizeMib);
    await syncDisk(instance.folder, index);
  }
  await commit(install);
  progress.finish();
}

/** The running system and the appliance share the instance's memory: one goes before the other comes. */
async function stopSystem({ instance, progress, log }: Install): Promise<void> {
  if (!instance.isRunning) return;
  progress.begin("stop");
  log.state();
  await instance.inTurn(() => instance.stop(STOP_GRACE_SECONDS));
  progress.finish();
}

/** The commit point. Before the rename everything can be undone by leaving it; after it, only by taking it back. */
async function commit(install: Install): Promise<void> {
  const { instance, order } = install;
  // What the instance is from here on is stored first: a console with values to be left out is never logged by mistake.
  await instance.save({ hasSealedValues: install.record.hasSealedValues || instance.record.hasSealedValues });
  await install.save({ phase: "swapping" });
  await keepPrevious(instance.folder, order.id);
  install.signal.throwIfAborted();
  if (!install.lease.isHeld) throw new SlipwayError("lease_expired", "No controller renewed the lease of this install in time.");
  swapFirstDisk(instance.folder);
  install.lease.end();
  instance.forgetHostKeys();
  await finishSwap(instance.folder);
  await instance.save({ spec: order.instance, hasSealedValues: install.record.hasSealedValues });
  await install.save({ phase: "committed", status: { ...install.status, committed: true } });
}

async function startSystem(install: Install): Promise<void> {
  const { order, instance, progress, record } = install;
  let firstBootAt: string | null = null;
  if (record.boots) {
    await install.enter("starting");
    progress.begin("boot");
    install.log.state();
    const watch = watchFirstBoot(instance, order.os.bootMarker, order.firstBootSeconds);
    await instance.inTurn(() => instance.start(order.instance, install.guestData));
    const outcome = await watch.outcome(install.signal);
    if (outcome === "confirmed") firstBootAt = new Date().toISOString();
    const remark = describeFirstBoot(outcome, order.firstBootSeconds);
    if (remark !== null) install.log.notice(remark);
  }
  const privatePatterns = await install.patterns.onlyPrivate();
  install.signal.throwIfAborted();
  progress.complete();
  // Secrets are done with; private values stay out of what is shown for as long as this agent runs.
  instance.setPatterns(privatePatterns);
  instance.installId = null;
  const previousUntil = new Date(Date.now() + order.retainPreviousSeconds * 1_000).toISOString();
  await install.close("done", null, { previousUntil, status: { ...install.status, firstBootAt } });
}

/** Any error as one that can be told, with the step in which it happened. */
function toFailure(error: unknown, install: Install): SlipwayError {
  const step = install.progress.step;
  const where = step === null ? {} : { step };
  if (isSlipwayError(error)) {
    return error.step !== undefined || step === null ? error : new SlipwayError(error.code, error.message, { ...where, cause: error.cause });
  }
  install.context.log.error({ err: error, install: install.id }, "an install failed in the agent");
  return new SlipwayError("internal", "The agent failed; its log says why.", { ...where, cause: error });
}
