import { existsSync, renameSync } from "node:fs";
import { link, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DiskOrder, DiskResult, GuestData, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { syncFolder } from "../files.ts";
import { diskFile } from "../installs/disks.ts";
import { unlessAborted } from "../installs/until.ts";
import type { Instance } from "../instances/instance.ts";
import { useGuestData } from "../instances/instances.ts";
import type { DiskOrderContext, DiskOrderRun, WorkOf } from "./disk-order-context.ts";
import { keptDiskFile, keptIndexes } from "./kept-disks.ts";

type Rollback = WorkOf<"rollback">;
const GONE = "The previous system isn't kept any more: there is nothing to go back to.";

/**
 * What a rollback will do, in its instance's turn: from here on retention leaves the previous disks to it.
 *
 * @throws SlipwayError `conflict` where the previous disks are gone
 */
export async function planRollback(instance: Instance, order: Extract<DiskOrder, { action: "rollback" }>, { retention }: DiskOrderContext): Promise<Rollback> {
  const { installId, keepAs, retainSeconds, erase, instance: spec, start } = order;
  const kept = retention.find(instance.id, installId);
  const disks = await keptIndexes(instance.folder, installId);
  if (kept === undefined || !disks.includes(0)) throw new SlipwayError("conflict", GONE, { field: "installId" });
  if ((await keptIndexes(instance.folder, keepAs)).length > 0) throw new SlipwayError("exists", "Disks are kept under this id already.", { field: "keepAs" });
  retention.claim(installId);
  // A rescue system isn't what is to come back.
  const wasRunning = instance.isRunning && !instance.isRescued;
  const { spec: specBefore, hasSealedValues } = instance.record;
  return {
    action: "rollback",
    installId,
    keepAs,
    disks,
    retainSeconds,
    erase,
    spec,
    starts: start ?? wasRunning,
    before: { spec: specBefore, wasRunning, hasSealedValues },
    hasSealedValues: kept.hasSealedValues,
    keptUntil: null,
  };
}

/**
 * Swaps an instance's disks with those that were kept of its previous system (design: install, "`rollback` swaps back"): one rename of
 * the first disk is the commit point, and what ran until then is kept in turn, so that rolling back twice is where one was.
 */
export async function rollBackSystem(run: DiskOrderRun, work: Rollback, graceSeconds: number): Promise<DiskResult> {
  const { instance, signal } = run;
  const { folder } = instance;
  if (instance.isRunning) await unlessAborted(instance.stop(graceSeconds), signal);
  for (const index of work.disks) {
    const current = join(folder, diskFile(index));
    if (existsSync(current)) await link(current, join(folder, keptDiskFile(index, work.keepAs)));
  }
  await syncFolder(folder);
  // A console with values to be left out is never logged by mistake.
  await instance.save({ hasSealedValues: work.hasSealedValues || work.before.hasSealedValues });
  await run.save({ phase: "swapping" });
  signal.throwIfAborted();
  renameSync(join(folder, keptDiskFile(0, work.installId)), join(folder, diskFile(0)));
  return finishRollback(run, work);
}

/** Whether the commit point was passed: the files tell. */
export function isRolledBack({ instance }: DiskOrderRun, { installId }: Rollback): boolean {
  return !existsSync(join(instance.folder, keptDiskFile(0, installId)));
}

/** After the commit point. Can be repeated. */
export async function finishRollback(run: DiskOrderRun, work: Rollback): Promise<DiskResult> {
  const { instance, retention, guestData } = run;
  const { folder } = instance;
  await syncFolder(folder);
  for (const index of work.disks) {
    const previous = join(folder, keptDiskFile(index, work.installId));
    if (existsSync(previous)) await rename(previous, join(folder, diskFile(index)));
  }
  await syncFolder(folder);
  if (run.record.phase !== "committed") {
    const until = Date.now() + work.retainSeconds * 1_000;
    await run.save({ phase: "committed", work: { ...work, keptUntil: new Date(until).toISOString() } });
    retention.keep({ id: work.keepAs, instanceId: instance.id, until, erase: work.erase, hasSealedValues: work.before.hasSealedValues });
  }
  retention.release(work.installId, true);
  instance.forgetHostKeys();
  await instance.save({ spec: work.spec, hasSealedValues: work.hasSealedValues });
  instance.setPatterns(work.hasSealedValues ? null : new ScrubPatterns([]));
  if (work.starts) {
    if (guestData !== null && !instance.isRunning) await useGuestData(instance, guestData);
    await startOrTell(run, work.spec, guestData);
  }
  return { power: instance.isRunning ? "running" : "stopped", usedMib: 0 };
}

/** Before the commit point: the second names go, and what ran runs again. Can be repeated. */
export async function undoRollback(run: DiskOrderRun, work: Rollback): Promise<void> {
  const { instance, retention } = run;
  const { folder } = instance;
  for (const index of work.disks) await rm(join(folder, keptDiskFile(index, work.keepAs)), { force: true });
  if (existsSync(folder)) await syncFolder(folder);
  await instance.save({ hasSealedValues: work.before.hasSealedValues });
  retention.release(work.installId, false);
  const { wasRunning, spec } = work.before;
  if (wasRunning && spec !== null) await startOrTell(run, spec, run.guestDataBefore);
}

/** A system that can't be started must not keep the order from ending: its power is told. */
async function startOrTell({ instance, log, record }: DiskOrderRun, spec: InstanceSpec, guestData: GuestData | null): Promise<void> {
  if (instance.isRunning) return;
  try {
    await instance.start(spec, guestData);
  } catch (error) {
    log.error({ err: error, order: record.orderId, instance: instance.id }, "an instance can't be started after work on its disks");
    instance.tellStopped("It can't be started; the agent's log says why.");
  }
}
