import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { NodeRow, Transaction } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { modifyOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import type { PlannedNic } from "#lib/domain/nic-rules.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { instanceBusy } from "#lib/jobs/accept-job.ts";
import { recordDoneJob } from "#lib/jobs/record-done-job.ts";
import { recordDryRun } from "#lib/jobs/record-dry-run.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { factsOf } from "./choose-node.ts";
import { releaseUnwantedChannels } from "./hold-channel-address.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { requireNics, requireNodeNics } from "./place-nics.ts";
import { readInstance } from "./read-instance.ts";
import type { DetailRow } from "./read-instance.ts";
import { replaceNics } from "./replace-nics.ts";
import type { ModifyInstanceInput } from "./schemas.ts";
import { sealUserData } from "./user-data.ts";

export interface ModifiedInstance {
  readonly jobId: number;
  /** Fields that the running guest has as they were until its next start. */
  readonly appliedAtNextStart: readonly string[];
}

/**
 * Changes what is stored of an instance: the fields that are given, and no others. The job on record has ended with this; a guest that
 * runs has what is new from its next start on.
 *
 * @throws SlipwayError with the field: `unknown_object`, `not_allowed`, `invalid`, `conflict`, `no_room`, `unsupported`
 */
export async function modifyInstance(ctx: RequestContext, name: string, input: ModifyInstanceInput): Promise<ModifiedInstance> {
  const ops = (instanceId: string | null) => modifyOpcodes({ name, instanceId, communication: input.communication, datasource: input.datasource, nics: input.nics, sealed: sealedNames(input) }, { interface: ctx.interface, at: new Date() });
  const done = await orRefusedJob(ctx, { operation: "instance.modify", instanceName: name, ops: ops(null) }, async () => {
    const row = await readInstance(ctx, "instance.modify", name);
    if (input.nics !== undefined) await requireAccess(ctx, "instance.nics", { kind: "instance", name, ownerId: row.ownerId });
    if (changedNames(input).length === 0) throw new SlipwayError("invalid", "The request has nothing to change.", { field: "instance" });
    if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
    const node = await ctx.services.db.node.findUniqueOrThrow({ where: { id: row.nodeId } });
    const nics = input.nics === undefined ? null : await requireNics(ctx.services.db, input.nics);
    if (nics !== null) requireNodeNics(nics, node);
    return change(ctx, { row, node, nics, input, ops: ops(row.id) });
  });
  return { jobId: done.jobId, appliedAtNextStart: "appliedAtNextStart" in done ? done.appliedAtNextStart : [] };
}

interface Change {
  readonly row: DetailRow;
  readonly node: NodeRow;
  readonly nics: readonly PlannedNic[] | null;
  readonly input: ModifyInstanceInput;
  readonly ops: ReturnType<typeof modifyOpcodes>;
}

async function change(ctx: RequestContext, { row, node, nics, input, ops }: Change): Promise<ModifiedInstance> {
  const job = { operation: "instance.modify", ops, instance: { id: row.id, name: row.name, ownerId: row.ownerId } } as const;
  if (ctx.dryRun === true) return { jobId: await recordDryRun(ctx, job), appliedAtNextStart: [] };
  const { keyring, db } = ctx.services;
  const names = changedNames(input);
  return db.$transaction(async (tx) => {
    const { communication, datasource, sshKeys, userData } = input;
    const { count } = await tx.instance.updateMany({
      where: { id: row.id, lockedByJobId: null, serialNo: row.serialNo },
      data: {
        serialNo: { increment: 1 },
        ...(communication === undefined ? {} : { communication }),
        ...(datasource === undefined ? {} : { datasource }),
        ...(sshKeys === undefined ? {} : { sshKeys }),
        ...(userData === undefined ? {} : { userData: userData === null ? null : sealUserData(keyring, row.id, userData) }),
      },
    });
    if (count === 0) throw await changedMeanwhile(tx, row);
    if (nics !== null) await replaceNics(tx, row, nics);
    if (communication === true && hasChannelAddresses(factsOf(node))) await allocateChannelAddress(tx, { instanceId: row.id });
    // One that runs keeps its channel, and so its address, until it is stopped or started anew.
    if (communication === false && row.operState === "stopped") await releaseUnwantedChannels(tx, [row.id]);
    const result = names.map((name) => [name, name === "communication" ? communication : name === "datasource" ? datasource : null]);
    const { jobId, events } = await recordDoneJob(tx, ctx, { ...job, result, auditDetails: { fields: names, ...(communication === undefined ? {} : { communication }), ...(datasource === undefined ? {} : { datasource }) } });
    await appendEvents(tx, events);
    return { jobId, appliedAtNextStart: row.operState === "stopped" ? [] : names };
  });
}

async function changedMeanwhile(tx: Transaction, { id, name }: DetailRow): Promise<SlipwayError> {
  const now = await tx.instance.findUnique({ where: { id }, select: { lockedByJobId: true } });
  return now === null ? new SlipwayError("unknown_object", `There is no instance ${name}.`, { field: "instance" }) : instanceBusy(name, now.lockedByJobId);
}

/** Of what is given, by name. */
function changedNames(input: ModifyInstanceInput): string[] {
  return Object.entries(input).flatMap(([field, value]) => (value === undefined ? [] : [field]));
}

/** Fields whose values no record repeats. */
function sealedNames({ sshKeys, userData }: ModifyInstanceInput): string[] {
  return [...(sshKeys === undefined ? [] : ["ssh_keys"]), ...(userData === undefined ? [] : ["user_data"])];
}
