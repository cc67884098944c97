import type { InstallStatus } from "#lib/agent-protocol/messages.ts";
import type { Keyring } from "#lib/context/context.ts";
import type { Install, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { isFinal, mayFollow } from "#lib/domain/install-states.ts";
import { opcodeAt, opcodesRunning, stateLine } from "#lib/domain/job-progress.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { InstallStageView } from "#lib/domain/views.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import type { HeldJob } from "#lib/jobs/end-job.ts";
import { holdJob } from "#lib/jobs/end-job.ts";
import { logJob } from "#lib/jobs/log-job.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { endInstall, keepWhatRan } from "./end-install.ts";
import { endOfKind } from "./ends/end-of-kind.ts";
import type { InstallEnd } from "./ends/install-end.ts";
import { LEASE } from "./lease.ts";
import { readPlan, readStages } from "./stored.ts";

/** What an agent said, and when, as its journal has it; left out: just now. */
export type SaidStatus = InstallStatus & { readonly saidAt?: string };

/** Log entries that came with a status, for the feed. */
export interface NewEntries {
  readonly first: number;
  readonly last: number;
}

/**
 * Takes over what the agent says of an install: progress, or its end. The agent's word is the truth about an install; a word
 * that is older than what is known changes nothing.
 *
 * @param statuses in the order in which they were said, at least one.
 * @returns what the feed is to say.
 */
export async function applyStatuses(tx: Transaction, keyring: Keyring, jobId: number, statuses: readonly SaidStatus[], entries: NewEntries | null): Promise<NewEvent[]> {
  const last = statuses.at(-1);
  if (last === undefined) return [];
  const held = await holdJob(tx, jobId);
  // Only who holds the job changes the install, so this is the newest.
  const install = await tx.install.findUnique({ where: { id: last.id } });
  if (install === null) return [];
  if (held === null) return afterTheEnd(tx, keyring, install, last, entries);
  const { entered, latest } = follow(install, statuses);
  const job = await enterStates(tx, held, install, entered);
  const now = await tx.install.update({
    where: { id: install.id },
    data: {
      acknowledged: true,
      startedAt: install.startedAt ?? new Date(),
      stages: toJson([...readStages(install.stages), ...entered]),
      ...reached(install, entries),
      // The order itself gave the first lease.
      ...(install.acknowledged ? {} : { leaseUntil: new Date((install.orderSentAt ?? new Date()).getTime() + LEASE.seconds * 1_000) }),
      ...(latest === null ? {} : progressOf(latest)),
      ...(latest === null || isFinal(latest.state) ? {} : { state: latest.state }),
    },
  });
  const end = latest === null ? null : endOf(latest);
  if (end !== null) {
    // Its last stage may have come with the very word that ends it.
    const changes = await endInstall(tx, keyring, job, { ...now, state: entered.at(-1)?.state ?? install.state }, end);
    return changes.map(({ payload, ownerId }) => ({ ownerId, payload: payload.type === "install.progress" ? { ...payload, firstSeq: entries?.first ?? null, lastSeq: entries?.last ?? null } : payload }));
  }
  return progressEvents(tx, job, install, { said: latest ?? install, entries, changed: entered.length > 0 });
}

/** The active states that are new, in order, and the newest word; null where all of it is older than what is known. */
function follow(install: Install, statuses: readonly SaidStatus[]): { readonly entered: readonly InstallStageView[]; readonly latest: InstallStatus | null } {
  const entered: InstallStageView[] = [];
  let { state } = install;
  let latest: InstallStatus | null = null;
  for (const status of statuses) {
    if (status.state !== state && !mayFollow(state, status.state)) continue;
    if (status.state !== state && !isFinal(status.state)) entered.push({ state: status.state, at: status.saidAt ?? new Date().toISOString() });
    ({ state } = status);
    latest = status;
  }
  return { entered, latest };
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
    overwritten: status.overwritten,
    confirmed: status.confirmed,
    facts: toJson(status.facts),
    ...(status.lastContactAt === null ? {} : { lastContactAt: new Date(status.lastContactAt) }),
    ...(status.firstBootAt === null ? {} : { firstBootAt: new Date(status.firstBootAt) }),
  };
}

/** New states show in the job's opcodes and log, and in the instance. */
async function enterStates(tx: Transaction, job: HeldJob, install: Install, entered: readonly InstallStageView[]): Promise<HeldJob> {
  const newest = entered.at(-1)?.state;
  if (newest === undefined) return job;
  const plan = readPlan(install.plan);
  const { operation } = plan;
  const count = job.opStatus.length;
  for (const { state } of entered) {
    const line = stateLine(plan, state);
    if (line !== null) await logJob(tx, job.id, opcodeAt(operation, state, count), line);
  }
  const opStatus = opcodesRunning(count, opcodeAt(operation, newest, count));
  await tx.job.update({ where: { id: job.id }, data: { opStatus }, select: { id: true } });
  await tx.instance.update({ where: { id: install.instanceId }, data: { installState: newest }, select: { id: true } });
  // The new system is in place and begins to boot.
  if (operation !== "export" && entered.some(({ state }) => state === "starting")) await putAsideHostKeys(tx, install);
  return { ...job, opStatus };
}

/** The host keys are those of a system that isn't there any more, unless it comes back. */
async function putAsideHostKeys(tx: Transaction, install: Install): Promise<void> {
  const { hostKeys } = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { hostKeys: true } });
  if (hostKeys === null) return;
  await tx.install.update({ where: { id: install.id }, data: { previousHostKeys: hostKeys }, select: { id: true } });
  await tx.instance.update({ where: { id: install.instanceId }, data: { hostKeys: Prisma.DbNull }, select: { id: true } });
}

interface Progress {
  readonly said: Pick<Install, "state" | "percent" | "step">;
  readonly entries: NewEntries | null;
  /** Whether job and instance show something new as well. */
  readonly changed: boolean;
}

async function progressEvents(tx: Transaction, job: HeldJob, install: Install, { said, entries, changed }: Progress): Promise<NewEvent[]> {
  const { name, ownerId } = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { name: true, ownerId: true } });
  const { state, percent, step } = said;
  const progress: NewEvent = { payload: { type: "install.progress", installId: install.id, instanceName: name, state, percent, step, firstSeq: entries?.first ?? null, lastSeq: entries?.last ?? null }, ownerId };
  if (!changed) return [progress];
  return [progress, { payload: { type: "job.changed", jobId: job.id, status: job.status, instanceName: name }, ownerId }, { payload: { type: "instance.changed", name }, ownerId }];
}

/**
 * Word of an install that has ended here already: its first boot, its last entries, or, where it was called failed because
 * the node was gone, that the new system is in place after all. Then the instance's record says so, because it is true.
 */
async function afterTheEnd(tx: Transaction, keyring: Keyring, install: Install, status: InstallStatus, entries: NewEntries | null): Promise<NewEvent[]> {
  const late = install.state === "failed" && install.errorCode === "node_unreachable" && status.committed && status.state === "done";
  const now = await tx.install.update({
    where: { id: install.id },
    data: {
      ...(status.firstBootAt === null ? {} : { firstBootAt: new Date(status.firstBootAt) }),
      ...reached(install, entries),
      ...(late ? { steps: toJson(status.steps), facts: toJson(status.facts), confirmed: status.confirmed, message: "The node reported later that the new system is in place." } : {}),
    },
  });
  const { name, ownerId, currentInstallId } = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { name: true, ownerId: true, currentInstallId: true } });
  const { state, percent, step } = install;
  const events: NewEvent[] = [
    { payload: { type: "install.progress", installId: install.id, instanceName: name, state, percent, step, firstSeq: entries?.first ?? null, lastSeq: entries?.last ?? null }, ownerId },
  ];
  // Something newer may have happened to the instance; then that counts.
  if (!late || currentInstallId !== install.id) return events;
  const job = await tx.job.findUniqueOrThrow({ where: { id: install.jobId }, select: { request: true } });
  await tx.instance.update({ where: { id: install.instanceId }, data: { serialNo: { increment: 1 } }, select: { id: true } });
  const said = await keepWhatRan(tx, keyring, now, endOfKind(jobRequestSchema.parse(job.request), { install: now, end: { state: "done" } }));
  return [...events, ...said, { payload: { type: "instance.changed", name }, ownerId }];
}
