import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import { reinstallOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { insertInstall } from "#lib/installs/insert-install.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";
import { shortValueWarnings, warnTooShort } from "#lib/jobs/warn-too-short.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { factsOf } from "./choose-node.ts";
import type { AcceptedInstall } from "./create-instance.ts";
import { beforeJob } from "./before-job.ts";
import { diskFacts } from "./disk-facts.ts";
import { findDefinition } from "./find-definition.ts";
import { osTypeOf } from "./instance-row.ts";
import { newParameters } from "./new-parameters.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import type { InstallFacts } from "./prepare-install.ts";
import { prepareInstall } from "./prepare-install.ts";
import { readInstance } from "./read-instance.ts";
import type { DetailRow } from "./read-instance.ts";
import type { RequestSource, SourceInput } from "./request-source.ts";
import { requestSource, sourceFacts } from "./request-source.ts";
import type { ReinstallInput } from "./schemas.ts";
import { refusedNames, sentNames } from "./sent-names.ts";

/**
 * Installs an instance anew, onto a new first disk. What isn't sent is as it was at the last install; secrets have to be
 * sent again. Without `start` the instance runs afterwards if it ran before.
 *
 * @throws SlipwayError with the field: `unknown_object`, `conflict`, `missing_secret`, `visibility_too_low`, `disk_too_small` …
 */
export async function reinstallInstance(ctx: RequestContext, name: string, input: ReinstallInput): Promise<AcceptedInstall> {
  const reason = { interface: ctx.interface, at: new Date() };
  const ops = reinstallOpcodes({ name, instanceId: null, osType: input.osType ?? null, startup: input.start === true, sent: refusedNames(input.parameters) }, reason);
  return orRefusedJob(ctx, { operation: "instance.reinstall", instanceName: name, ops }, async () => submit(ctx, await readInstance(ctx, "instance.reinstall", name), input));
}

export interface ReinstallFacts {
  readonly facts: InstallFacts;
  readonly requested: RequestSource;
  /** What the instance keeps that counts for this install. */
  readonly kept: DetailRow["parameters"];
}

type Asked = SourceInput & Pick<ReinstallInput, "inPlace" | "replaceDataDisks" | "safeInstall" | "osType"> & { readonly start?: boolean | null | undefined };

/** What a reinstall of an instance would do, for the preview as well. */
export async function reinstallFacts(ctx: RequestContext, row: DetailRow, input: Asked): Promise<ReinstallFacts> {
  const { db } = ctx.services;
  const osType = input.osType === undefined ? osTypeOf(row) : input.osType;
  const [definition, node, disks] = await Promise.all([
    osType === null ? null : findDefinition(ctx, osType, { alreadyUsedBy: row.definitionId }),
    db.node.findUniqueOrThrow({ where: { id: row.nodeId } }),
    diskFacts(db, row),
  ]);
  const requested = requestSource(row.installSource, input, definition);
  return {
    facts: {
      operation: "reinstall",
      definition,
      source: requested.source,
      node,
      disks: row.disks,
      memoryMib: row.memoryMib,
      // It is there already where the instance runs.
      memoryNeedMib: row.operState === "running" ? 0 : row.memoryMib,
      start: input.start ?? null,
      ...disks,
      safeInstall: input.safeInstall ?? null,
      inPlace: input.inPlace ?? false,
      replaceDataDisks: input.replaceDataDisks ?? [],
    },
    requested,
    // What a definition asked for means nothing to an image or a medium that comes in its place.
    kept: definition === null && row.definitionId !== null ? [] : row.parameters,
  };
}

async function submit(ctx: RequestContext, row: DetailRow, input: ReinstallInput): Promise<AcceptedInstall> {
  const { keyring } = ctx.services;
  if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
  const { facts, requested, kept } = await reinstallFacts(ctx, row, input);
  const { own, credentials } = requested;
  const prepared = await prepareInstall(ctx, facts, { kept, sent: input.parameters, credentials });
  const { definition } = facts;
  const installId = randomUUID();
  const start = input.start ?? null;
  const hasAddresses = hasChannelAddresses(factsOf(facts.node));
  const startup = start ?? row.adminState === "running";
  const { privateValues, secrets } = newParameters(prepared.parameters, credentials);
  const jobId = await acceptJob(ctx, {
    operation: "instance.reinstall",
    request: {
      kind: "instance.reinstall",
      installId,
      start,
      definitionId: definition?.definitionId ?? null,
      variant: definition?.variant ?? null,
      source: own,
      before: await beforeJob(ctx.services.db, row),
    },
    ops: reinstallOpcodes({ name: row.name, instanceId: row.id, osType: prepared.plan.osType, startup, sent: sentNames(input.parameters), source: input }, { interface: ctx.interface, at: new Date() }),
    instance: { id: row.id, name: row.name, ownerId: row.ownerId },
    serialNo: row.serialNo,
    privateValues,
    secrets,
    auditDetails: { ...sourceFacts(prepared.plan), tooShortToScrub: prepared.tooShortToScrub },
    write: async (tx, id) => {
      await warnTooShort(tx, id, prepared.tooShortToScrub);
      // One that was made or imported where none were needed has none yet.
      if (hasAddresses && row.communication) await allocateChannelAddress(tx, { instanceId: row.id });
      await insertInstall(tx, keyring, {
        id: installId,
        jobId: id,
        instanceId: row.id,
        nodeId: row.nodeId,
        definitionId: definition?.definitionId ?? null,
        definitionVersionId: definition?.versionId ?? null,
        variant: definition?.variant ?? null,
        applianceDigest: prepared.applianceDigest,
        plan: prepared.plan,
        parameters: prepared.parameters,
        needsAddress: hasAddresses,
      });
    },
  });
  return { jobId, installId, warnings: shortValueWarnings(prepared.tooShortToScrub) };
}
