import type { Logger } from "pino";
import type { InstallStatus } from "#lib/agent-protocol/messages.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import type { Eraser } from "../disk-orders/erase.ts";
import type { ExportStore } from "../exports/export-store.ts";
import type { Instance } from "../instances/instance.ts";
import type { Instances } from "../instances/instances.ts";
import type { Journal } from "../journal/journal.ts";
import { clearScratch } from "./clear-scratch.ts";
import { InstallLog } from "./install-log.ts";
import type { InstallRecord, InstallRecords } from "./install-record.ts";
import { restoreInstance, startAgain, startOrTell } from "./roll-back.ts";
import { finishSwap, isSwapped } from "./swap-disks.ts";

export interface RecoverInstallsOptions {
  readonly records: InstallRecords;
  readonly instances: Instances;
  readonly journal: Journal;
  readonly log: Logger;
  readonly eraser: Eraser;
  readonly exports: ExportStore;
}

/** For a system whose first boot nobody watches any more to go by itself: seconds. */
const STOP_GRACE_SECONDS = 10;

/**
 * After a restart of the agent (design: "if it is gone, guest and new disk are discarded and the old system is back"): the values
 * of an order died with the old process, so an install that had not been committed is put back; one that had goes on to its
 * end. What ran in the instances' folders was ended or adopted before. Returns every record as it now is.
 */
export async function recoverInstalls(options: RecoverInstallsOptions): Promise<InstallRecord[]> {
  const recovered: InstallRecord[] = [];
  const records = await options.records.all((file, error) => {
    options.log.error({ err: error, file }, "an install's record can't be read: this install is left as it is");
  });
  for (const record of records) {
    recovered.push(isFinal(record.status.state) ? record : await recoverInstall(record, options));
  }
  return recovered;
}

async function recoverInstall(record: InstallRecord, options: RecoverInstallsOptions): Promise<InstallRecord> {
  const { instances, records, journal, log } = options;
  const instance = await instances.get(record.status.instanceId);
  let current = record;
  const lines = new InstallLog({
    journal,
    installId: record.status.id,
    status: (): InstallStatus => current.status,
    firstEntry: record.reservedEntries + 1,
    onNumber: () => undefined,
  });
  try {
    if (isSwapped(instance.folder, record.phase)) current = await finish(record, instance, lines, options);
    else {
      // Once the new disk is gone the files don't tell any more that it never came to a swap.
      if (record.phase === "swapping") await records.save({ ...record, phase: "open" });
      current = await putBack({ ...record, phase: record.phase === "swapping" ? "open" : record.phase }, instance, lines, options);
    }
    await records.save(current);
    log.info({ install: record.status.id, instance: instance.id, state: current.status.state }, "an install was found unfinished");
    lines.state();
  } catch (error) {
    // One instance that can't be put back must not keep the agent from serving the others.
    log.error({ err: error, install: record.status.id }, "an unfinished install couldn't be brought to its end; the next start of the agent tries it again");
    // Until then nothing may come between.
    instance.installId = record.status.id;
  }
  lines.close();
  return current;
}

/** It had been committed: nothing of it has to be known any more but how its system runs. */
async function finish(record: InstallRecord, instance: Instance, lines: InstallLog, { log }: RecoverInstallsOptions): Promise<InstallRecord> {
  const { spec, boots, completion, status, hasSealedValues, replaces, previous } = record;
  await finishSwap(instance.folder);
  await clearScratch(instance.folder);
  await instance.save({ spec, hasSealedValues });
  instance.setPatterns(hasSealedValues ? null : new ScrubPatterns([]));
  const isUnconfirmed = completion === "first_boot" && status.confirmed === null;
  // A channel that was on for the first boot alone isn't left to the system.
  if (isUnconfirmed && !spec.communication) await instance.stop(STOP_GRACE_SECONDS);
  if (boots) await startOrTell(instance, spec, status.id, { log, lines, guestData: null });
  if (isUnconfirmed) lines.notice("Ended, unconfirmed: the agent was restarted while it waited for the system's report.");
  else if (boots && record.bootMarker !== null && record.operation !== "export") lines.notice("The first boot is unconfirmed: the agent was restarted while it watched.");
  const keeps = !status.overwritten && replaces.some((index) => (index === 0 ? previous.hadDisk : previous.dataDisks.includes(index)));
  const previousUntil = keeps ? new Date(Date.now() + record.retainPreviousSeconds * 1_000).toISOString() : null;
  const confirmed = isUnconfirmed ? false : status.confirmed;
  return { ...record, phase: "closed", previousUntil, status: { ...status, state: "done", percent: 100, step: null, committed: true, confirmed } };
}

/** It hadn't: the instance is as it was, unless its disk was written to in place. */
async function putBack(record: InstallRecord, instance: Instance, lines: InstallLog, { log, eraser, exports }: RecoverInstallsOptions): Promise<InstallRecord> {
  const { status, previous } = record;
  await restoreInstance(instance, record, { eraser, exports }, () => (previous.hasSealedValues ? null : new ScrubPatterns([])));
  await startAgain(instance, record, { log, lines, guestData: null });
  const left = status.overwritten ? "its disk was written to in place, and what was on it is gone" : "the instance is as it was";
  const error = { code: "agent_restarted", message: `The node's agent was restarted during the install; ${left}.`, step: status.step } as const;
  return { ...record, phase: "closed", status: { ...status, state: "failed", committed: false, error } };
}
