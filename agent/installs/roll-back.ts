import type { Logger } from "pino";
import type { GuestData, InstallError, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import type { SlipwayError } from "#lib/domain/errors.ts";
import type { Instance } from "../instances/instance.ts";
import { discardNew, swapBack } from "./disks.ts";
import type { Install } from "./install.ts";
import type { InstallLog } from "./install-log.ts";
import type { InstallRecord } from "./install-record.ts";

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
 * as it was"), and ends the install. Never throws: what can't be put back is logged, and the next start of the agent tries again.
 */
export async function rollBack(install: Install, error: SlipwayError): Promise<void> {
  const { instance, record, before } = install;
  try {
    if (record.phase === "committed") await install.save({ phase: "reverting", status: { ...install.status, committed: false } });
    await instance.inTurn(() => restoreInstance(instance, install.record, () => before.patterns));
    await instance.inTurn(() => startAgain(instance, install.record, { log: install.context.log, lines: install.log, guestData: before.guestData }));
  } catch (failure) {
    install.context.log.error({ err: failure, install: install.id }, "an instance couldn't be put back as it was");
    install.log.notice("The agent couldn't put the instance back as it was; it tries again when it is started.");
    instance.installId = null;
    return;
  }
  instance.installId = null;
  await install.close(outcomeOf(error), toInstallError(error), {});
}

/**
 * The part that a restarted agent does as well. `record.phase` says what may have happened to the disks; each action can be
 * repeated.
 */
export async function restoreInstance(instance: Instance, record: InstallRecord, patterns: () => Instance["serial"]["patterns"]): Promise<void> {
  const { previous, status } = record;
  if (record.phase === "reverting") {
    // What runs now is the new system. Before the commit it can only be the old one, which goes on.
    await instance.stop(0);
    if (previous.hadDisk) await swapBack(instance.folder, status.id);
  }
  if (!previous.hadDisk) {
    await instance.remove(record.erase);
    return;
  }
  await discardNew(instance.folder, status.id);
  await instance.save({ spec: previous.spec, hasSealedValues: previous.hasSealedValues });
  instance.setPatterns(patterns());
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
  if (!previous.hadDisk || !previous.wasRunning || previous.spec === null) return;
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
