/** The end of an install: its record, its job, its instance, in one transaction (design: install, "How it goes"). */
import type { Keyring } from "#lib/context/context.ts";
import type { Install, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { releaseUnwantedChannels } from "#lib/instances/hold-channel-address.ts";
import type { HeldJob, JobEnd } from "#lib/jobs/end-job.ts";
import { endJob } from "#lib/jobs/end-job.ts";
import { writeReceipt } from "#lib/receipts/write-receipt.ts";
import { endOfKind } from "./ends/end-of-kind.ts";
import type { EndOfKind, InstallEnd } from "./ends/install-end.ts";
import { readPlan } from "./stored.ts";

export type { InstallEnd } from "./ends/install-end.ts";

/**
 * Ends an install whose job is held. With success, what ran is what is kept; otherwise the instance is as it was, after a creation
 * stopped and `install failed`, and `install failed` as well where its disk itself was written to. What each kind of job means: ends/.
 *
 * @param install with what its node said last already in it.
 * @returns what the feed is to say.
 */
export async function endInstall(tx: Transaction, keyring: Keyring, job: HeldJob, install: Install, end: InstallEnd): Promise<NewEvent[]> {
  const ended = endOfKind(jobRequestSchema.parse(job.request), { install, end });
  await tx.install.update({
    where: { id: install.id },
    data: {
      state: end.state,
      endedAt: new Date(),
      leaseUntil: null,
      ...(end.state === "done" ? { percent: 100 } : { errorCode: end.code, errorMessage: end.message, errorStep: end.step }),
    },
    select: { id: true },
  });
  await tx.networkAddress.deleteMany({ where: { installId: install.id } });
  const said = end.state === "done" ? await keepWhatRan(tx, keyring, install, ended) : await putBack(tx, install, ended);
  await writeReceipt(tx, keyring, install.id);
  const instance = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { name: true, ownerId: true, node: { select: { name: true } } } });
  const changes = await endJob(tx, job, jobEnd(end, ended, instance.node.name));
  const progress: NewEvent = {
    payload: { type: "install.progress", installId: install.id, instanceName: instance.name, state: end.state, percent: end.state === "done" ? 100 : install.percent, step: install.step, firstSeq: null, lastSeq: null },
    ownerId: instance.ownerId,
  };
  return [progress, ...said, ...changes];
}

/** Success: also where word of it comes late (apply-status.ts). */
export async function keepWhatRan(tx: Transaction, keyring: Keyring, install: Install, { instance, onDone }: EndOfKind): Promise<NewEvent[]> {
  const said = await onDone(tx, keyring);
  await tx.instance.update({ where: { id: install.instanceId }, data: instance, select: { id: true } });
  // What ran before has ended, and with it the channel that it may have had.
  await releaseUnwantedChannels(tx, [install.instanceId]);
  // What the new system says of itself may have come since it was started.
  if (install.state !== "starting" && readPlan(install.plan).operation !== "export") await tx.instance.update({ where: { id: install.instanceId }, data: { hostKeys: Prisma.DbNull }, select: { id: true } });
  return said;
}

async function putBack(tx: Transaction, install: Install, { instance }: EndOfKind): Promise<NewEvent[]> {
  // The system that was replaced for a while, and that is back, has its host keys again.
  const hostKeys = install.previousHostKeys === null || install.overwritten ? {} : { hostKeys: install.previousHostKeys };
  await tx.instance.update({ where: { id: install.instanceId }, data: { ...instance, ...hostKeys }, select: { id: true } });
  return [];
}

function jobEnd(end: InstallEnd, { result }: EndOfKind, node: string): JobEnd {
  switch (end.state) {
    case "done":
      return { status: "success", result: result(node) };
    case "cancelled":
      return { status: "canceled", message: end.message };
    case "failed":
    case "timed_out":
      return { status: "error", code: end.code, message: end.message };
  }
}
