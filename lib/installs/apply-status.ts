import type { InstallStatus } from "#lib/agent-protocol/messages.ts";
import type { Keyring } from "#lib/context/context.ts";
import type { Install, Transaction } from "#lib/db/client.ts";
import { isFinal, mayFollow } from "#lib/domain/install-states.ts";
import type { ActiveInstallState } from "#lib/domain/install-states.ts";
import { opcodeAt, opcodesRunning, stateLine } from "#lib/domain/job-progress.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import type { HeldJob } from "#lib/jobs/end-job.ts";
import { holdJob } from "#lib/jobs/end-job.ts";
import { logJob } from "#lib/jobs/log-job.ts";
import type { InstallEnd } from "./end-install.ts";
import { endInstall, instanceAfter } from "./end-install.ts";
import { keepParameters } from "./keep-parameters.ts";
import { LEASE } from "./lease.ts";
import { readPlan } from "./stored.ts";

/** Log entries that came with a status, for the feed. */
export interface NewEntries {
  readonly first: number;
  readonly last: number;
}

/**
 * Takes over what the agent says of an install: progress, or its end. The agent's word is the truth about an install; a word
 * that is older than what is known changes nothing.
 *
 * @returns what the feed is to say.
 */
export async function applyStatus(tx: Transaction, keyring: Keyring, jobId: number, status: InstallStatus, entries: NewEntries | null): Promise<NewEvent[]> {
  const job = await holdJob(tx, jobId);
  // Only who holds the job changes the install, so this is the newest.
  const install = await tx.install.findUnique({ where: { id: status.id } });
  if (install === null) return [];
  if (job === null) return afterTheEnd(tx, keyring, install, status, entries);
  const end = endOf(status);
  if (end !== null) {
    await tx.install.update({ where: { id: install.id }, data: { ...progressOf(status), ...reached(install, entries), acknowledged: true, startedAt: install.startedAt ?? new Date() }, select: { id: true } });
    const changes = await endInstall(tx, keyring, job, { ...install, step: status.step, percent: status.percent }, end);
    return changes.map((change) => (change.payload.type === "install.progress" ? { ...change, payload: { ...change.payload, firstSeq: entries?.first ?? null, lastSeq: entries?.last ?? null } } : change));
  }
  return applyProgress(tx, job, install, status, entries);
}

/** How a status ends its install; null: it doesn't. */
function endOf(status: InstallStatus): InstallEnd | null {
  if (!isFinal(status.state)) return null;
  if (status.state === "done") return { state: "done" };
  const { error, state } = status;
  const fallback = { failed: ["script_failed", "The install failed."], cancelled: ["cancelled", "The install was cancelled."], timed_out: ["timed_out", "The install took longer than its time limit."] } as const;
  return { state, code: error?.code ?? fallback[state][0], message: error?.message ?? fallback[state][1], step: error?.step ?? status.step };
}

/** Number of the log's last entry. */
function reached(install: Install, entries: NewEntries | null): { readonly lastSeq?: number } {
  return entries === null ? {} : { lastSeq: Math.max(install.lastSeq, entries.last) };
}

function progressOf(status: InstallStatus) {
  return {
    step: status.step,
    percent: status.percent,
    steps: toJson(status.steps),
    ...(status.lastContactAt === null ? {} : { lastContactAt: new Date(status.lastContactAt) }),
    ...(status.firstBootAt === null ? {} : { firstBootAt: new Date(status.firstBootAt) }),
  };
}

async function applyProgress(tx: Transaction, job: HeldJob, install: Install, status: InstallStatus, entries: NewEntries | null): Promise<NewEvent[]> {
  const changes = status.state !== install.state && mayFollow(install.state, status.state);
  const older = status.state !== install.state && !changes;
  await tx.install.update({
    where: { id: install.id },
    data: {
      acknowledged: true,
      startedAt: install.startedAt ?? new Date(),
      // The order itself gave the first lease.
      ...(install.acknowledged ? {} : { leaseUntil: new Date((install.orderSentAt ?? new Date()).getTime() + LEASE.seconds * 1_000) }),
      ...(older ? {} : { ...progressOf(status), state: status.state }),
      ...reached(install, entries),
    },
    select: { id: true },
  });
  const instance = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { name: true, ownerId: true } });
  const { name, ownerId } = instance;
  const state = older ? install.state : status.state;
  const events: NewEvent[] = [
    {
      payload: { type: "install.progress", installId: install.id, instanceName: name, state, percent: older ? install.percent : status.percent, step: older ? install.step : status.step, firstSeq: entries?.first ?? null, lastSeq: entries?.last ?? null },
      ownerId,
    },
  ];
  if (!changes || isFinal(status.state)) return events;
  await enterState(tx, job, install, status.state);
  return [
    ...events,
    { payload: { type: "job.changed", jobId: job.id, status: job.status, instanceName: name }, ownerId },
    { payload: { type: "instance.changed", name }, ownerId },
  ];
}

/** A new state shows in the job's opcodes and log, and in the instance. */
async function enterState(tx: Transaction, job: HeldJob, install: Install, state: ActiveInstallState): Promise<void> {
  const { operation, osType } = readPlan(install.plan);
  const at = opcodeAt(operation, state, job.opStatus.length);
  await tx.job.update({ where: { id: job.id }, data: { opStatus: opcodesRunning(job.opStatus.length, at) }, select: { id: true } });
  const line = stateLine(operation, state, osType);
  if (line !== null) await logJob(tx, job.id, at, line);
  await tx.instance.update({ where: { id: install.instanceId }, data: { installState: state }, select: { id: true } });
}

/**
 * Word of an install that has ended here already: its first boot, its last entries, or, where it was called failed because
 * the node was gone, that the new system is in place after all. Then the instance's record says so, because it is true.
 */
async function afterTheEnd(tx: Transaction, keyring: Keyring, install: Install, status: InstallStatus, entries: NewEntries | null): Promise<NewEvent[]> {
  const late = install.state === "failed" && install.errorCode === "node_unreachable" && status.committed && status.state === "done";
  await tx.install.update({
    where: { id: install.id },
    data: {
      ...(status.firstBootAt === null ? {} : { firstBootAt: new Date(status.firstBootAt) }),
      ...reached(install, entries),
      ...(late ? { steps: toJson(status.steps), message: "The node reported later that the new system is in place." } : {}),
    },
    select: { id: true },
  });
  const instance = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { name: true, ownerId: true, currentInstallId: true } });
  const { name, ownerId } = instance;
  const events: NewEvent[] = [
    { payload: { type: "install.progress", installId: install.id, instanceName: name, state: install.state, percent: install.percent, step: install.step, firstSeq: entries?.first ?? null, lastSeq: entries?.last ?? null }, ownerId },
  ];
  // Something newer may have happened to the instance; then that counts.
  if (!late || instance.currentInstallId !== install.id) return events;
  const job = await tx.job.findUniqueOrThrow({ where: { id: install.jobId }, select: { request: true } });
  await tx.instance.update({ where: { id: install.instanceId }, data: { ...instanceAfter(jobRequestSchema.parse(job.request), { state: "done" }), serialNo: { increment: 1 } }, select: { id: true } });
  await keepParameters(tx, keyring, install);
  return [...events, { payload: { type: "instance.changed", name }, ownerId }];
}
