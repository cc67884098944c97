import type { Logger } from "pino";
import type { GuestData, InstallError, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import type { SlipwayError } from "#lib/domain/errors.ts";
import type { Instance } from "../instances/instance.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { clearScratch } from "./clear-scratch.ts";
import type { Install, InstallContext } from "./install.ts";
import type { InstallLog } from "./install-log.ts";
import type { InstallRecord } from "./install-record.ts";
import { discardNew, isSwapped, swapBack } from "./swap-disks.ts";

type Outcome = "failed" | "cancelled" | "timed_out";

export function outcomeOf(error: SlipwayError): Outcome {
  if (error.code === "cancelled" || error.code === "timed_out") return error.code;
  return "failed";
}

export function toInstallError(error: SlipwayError): InstallError {
  return { code: error.code, message: error.message.slice(0, 2_000), step: error.step ?? null };
}

/**
 * Puts the instance back as it was before the install, disk and power (design: "Cancel works in every state and leaves the instance
 * as it was"), and ends the install; where only its end couldn't be written down, that is done. Never throws.
 *
 * @returns whether the install is over; false: it holds the instance, so that nothing comes between, and this is to be called again
 */
export async function rollBack(install: Install, error: SlipwayError): Promise<boolean> {
  try {
    if (install.record.phase === "closed") await install.closeAgain();
    else await putBack(install, error);
    return true;
  } catch (failure) {
    install.context.log.error({ err: failure, install: install.id }, "an install couldn't be brought to its end; it is tried again");
    install.context.rooms.release(install.id);
    return false;
  }
}

async function putBack(install: Install, error: SlipwayError): Promise<void> {
  const { instance, before, context } = install;
  await settlePhase(install);
  await instance.inTurn(() => restoreInstance(instance, install.record, context, () => before.patterns));
  await instance.inTurn(() => startAgain(instance, install.record, { log: context.log, lines: install.log, guestData: before.guestData }));
  if (install.record.status.overwritten) install.log.notice("The disk was written to in place: what was on it is gone.");
  await install.close(outcomeOf(error), toInstallError(error), {});
}

/**
 * Writes down, before a file of it goes, whether there is a swap to be taken back: afterwards the files don't tell any more. What was
 * swapped and not yet written down as such is taken back as well.
 */
async function settlePhase(install: Install): Promise<void> {
  const { phase } = install.record;
  if (isSwapped(install.instance.folder, phase)) await install.save({ phase: "reverting", status: { ...install.status, committed: false } });
  else if (phase === "swapping") await install.save({ phase: "open" });
}

/** What putting back needs of a node. */
export type RestoreContext = Pick<InstallContext, "eraser" | "exports">;

/**
 * The part that a restarted agent does as well. `record.phase` says what may have happened to the disks; each action can be
 * repeated. What was written to in place stays as it is, stopped: there is nothing to put back.
 */
export async function restoreInstance(instance: Instance, record: InstallRecord, { eraser, exports }: RestoreContext, patterns: () => Instance["serial"]["patterns"]): Promise<void> {
  const { previous, status, replaces, erase } = record;
  if (record.operation === "export" && record.exportId !== null) await exports.giveUp(record.exportId, { erase });
  if (record.phase === "reverting" || status.overwritten) {
    // What runs now is the new system. Before the commit it can only be the old one, which goes on.
    await instance.stop(0);
  }
  if (record.phase === "reverting" && !status.overwritten) {
    const had = [...(previous.hadDisk ? [0] : []), ...previous.dataDisks];
    await swapBack(instance.folder, status.id, replaces, had, { eraser, erase });
  }
  if (!previous.hadDisk && previous.dataDisks.length === 0 && previous.spec === null) {
    await instance.remove(erase);
    return;
  }
  await discardNew(instance.folder, status.id, replaces, { eraser, erase });
  await clearScratch(instance.folder);
  const isGone = status.overwritten;
  await instance.save(isGone ? { spec: record.spec, hasSealedValues: record.hasSealedValues } : { spec: previous.spec, hasSealedValues: previous.hasSealedValues });
  instance.setPatterns(isGone ? (record.hasSealedValues ? null : new ScrubPatterns([])) : patterns());
}

/** Where the start of a system is told, and what it may read of itself; null: that died with an earlier process of the agent. */
export interface StartAgain {
  readonly log: Logger;
  readonly lines: InstallLog;
  readonly guestData: GuestData | null;
}

/**
 * Power as it was before, once the disk is. A system that can't be started any more must not keep its install from ending: that is
 * told, in the log and as the instance's power.
 */
export async function startAgain(instance: Instance, { previous, status }: InstallRecord, how: StartAgain): Promise<void> {
  if (!previous.hadDisk || !previous.wasRunning || previous.spec === null || status.overwritten) return;
  await startOrTell(instance, previous.spec, status.id, how);
}

/** Starts a system at the end of its install, or says why it doesn't run. */
export async function startOrTell(instance: Instance, spec: InstanceSpec, installId: string, { log, lines, guestData }: StartAgain): Promise<void> {
  try {
    await instance.start(spec, guestData);
  } catch (error) {
    log.error({ err: error, install: installId, instance: instance.id }, "an instance can't be started after its install");
    lines.notice("The instance can't be started and is stopped; the agent's log says why.");
    instance.tellStopped("It can't be started after its install; the agent's log says why.");
  }
}
