import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import type { InstallStatus } from "#lib/agent-protocol/messages.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import type { Instances } from "../instances/instances.ts";
import type { Journal } from "../journal/journal.ts";
import { finishSwap, newDiskFile } from "./disks.ts";
import { InstallLog } from "./install-log.ts";
import type { InstallRecord, InstallRecords } from "./install-record.ts";
import { restoreInstance, startAgain, startOrTell } from "./roll-back.ts";

export interface RecoverInstallsOptions {
  readonly records: InstallRecords;
  readonly instances: Instances;
  readonly journal: Journal;
  readonly log: Logger;
}

/**
 * After a restart of the agent (design: "if it is gone, guest and new disk are discarded and the old system is back"): the values
 * of an order died with the old process, so an install that had not been committed is put back; one that had goes on to its
 * end. What ran in the instances' folders was ended or adopted before. Returns every record as it now is.
 */
export async function recoverInstalls(options: RecoverInstallsOptions): Promise<InstallRecord[]> {
  const recovered: InstallRecord[] = [];
  for (const record of await options.records.all()) {
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
  const isSwapped = record.phase === "committed" || (record.phase === "swapping" && !existsSync(join(instance.folder, newDiskFile(0))));
  try {
    if (isSwapped) {
      await finishSwap(instance.folder);
      await instance.save({ spec: record.spec, hasSealedValues: record.hasSealedValues });
      instance.setPatterns(record.hasSealedValues ? null : new ScrubPatterns([]));
      if (record.boots) await startOrTell(instance, record.spec, record.status.id, { log, lines, guestData: null });
      if (record.boots && record.bootMarker !== null) lines.notice("The first boot is unconfirmed: the agent was restarted while it watched.");
      const previousUntil = new Date(Date.now() + record.retainPreviousSeconds * 1_000).toISOString();
      current = { ...record, phase: "closed", previousUntil, status: { ...record.status, state: "done", percent: 100, step: null, committed: true } };
    } else {
      await restoreInstance(instance, record, () => (record.previous.hasSealedValues ? null : new ScrubPatterns([])));
      await startAgain(instance, record, { log, lines, guestData: null });
      const error = { code: "agent_restarted", message: "The node's agent was restarted during the install; the instance is as it was.", step: record.status.step } as const;
      current = { ...record, phase: "closed", status: { ...record.status, state: "failed", committed: false, error } };
    }
    await records.save(current);
    log.info({ install: record.status.id, instance: instance.id, state: current.status.state }, "an install was found unfinished");
    lines.state();
  } catch (error) {
    // One instance that can't be put back must not keep the agent from serving the others.
    log.error({ err: error, install: record.status.id }, "an unfinished install couldn't be brought to its end");
  }
  lines.close();
  return current;
}
