import { randomUUID } from "node:crypto";
import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isUniqueViolation } from "#lib/db/errors.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { createOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import type { SentNames } from "#lib/domain/ganeti-opcodes.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { insertInstall } from "#lib/installs/insert-install.ts";
import { acceptJob } from "#lib/jobs/accept-job.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { shortValueWarnings, warnTooShort } from "#lib/jobs/warn-too-short.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { chooseNode, factsOf, findNode } from "./choose-node.ts";
import { findDefinition } from "./find-definition.ts";
import { makeMacs } from "./make-mac.ts";
import { newParameters } from "./new-parameters.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { nicColumns, requireNics, requireNodeNics, takeNicAddresses } from "./place-nics.ts";
import { prepareInstall } from "./prepare-install.ts";
import { requestSource } from "./request-source.ts";
import type { CreateInstanceInput } from "./schemas.ts";
import { refusedNames, sentNames } from "./sent-names.ts";
import { sealUserData } from "./user-data.ts";

export interface AcceptedInstall {
  readonly jobId: number;
  /** Null: the request was refused, and the job says why (RAPI only). */
  readonly installId: string | null;
  /** Sentences about what was accepted all the same (design: visibility, "the API warns when it accepts one"). */
  readonly warnings: readonly string[];
}

/** What is so of every instance that isn't there yet. */
export const NEW_INSTANCE = { operation: "create", hasPreviousDisk: false, hasDisks: false, inPlace: false, replaceDataDisks: [] } as const;

/**
 * Makes an instance and installs it. All is checked before anything is stored; a creation that fails later leaves the
 * instance listed, stopped and `install failed`.
 *
 * @throws SlipwayError with the field: `exists`, `unknown_object`, `missing_parameter`, `disk_too_small`, `no_room` …
 */
export async function createInstance(ctx: RequestContext, input: CreateInstanceInput): Promise<AcceptedInstall> {
  await requireAccess(ctx, "instance.create", { kind: "instance", name: input.name, ownerId: null });
  const refused = { operation: "instance.create", instanceName: input.name, ops: opcodes(ctx, input, input.node ?? null, refusedNames(input.parameters)) } as const;
  return orRefusedJob(ctx, refused, () => submit(ctx, input));
}

async function submit(ctx: RequestContext, input: CreateInstanceInput): Promise<AcceptedInstall> {
  const { db, keyring } = ctx.services;
  const diskMib = input.disks.reduce((sum, disk) => sum + disk.sizeMib, 0);
  const [taken, definition, ownerId, nics] = await Promise.all([
    db.instance.findUnique({ where: { name: input.name }, select: { id: true } }),
    input.osType === null ? null : findDefinition(ctx, input.osType),
    findOwner(ctx, input.owner),
    requireNics(db, input.nics),
  ]);
  if (taken !== null) throw nameTaken(input.name);
  const { own, source, credentials } = requestSource({}, input, definition);
  const node = input.node === undefined ? await chooseNode(db, { diskMib, memoryMib: input.memoryMib }, nics) : await findNode(db, input.node);
  const start = input.start ?? true;
  const disks = input.disks.map((disk, index) => ({ index, sizeMib: disk.sizeMib, name: disk.name ?? null }));
  const facts = { ...NEW_INSTANCE, definition, source, node, disks, memoryMib: input.memoryMib, memoryNeedMib: input.memoryMib, start, safeInstall: input.safeInstall ?? null };
  const prepared = await prepareInstall(ctx, facts, { kept: [], sent: input.parameters, credentials });
  requireNodeNics(nics, node);
  const generated = await makeMacs(db, input.nics.filter((nic) => nic.mac === undefined).length);
  const placed = nics.map((plan, index) => ({ id: randomUUID(), index, mac: input.nics[index]?.mac ?? generated.shift() ?? "", plan }));
  const hasAddresses = hasChannelAddresses(factsOf(node));

  const instanceId = randomUUID();
  const installId = randomUUID();
  const { privateValues, secrets } = newParameters(prepared.parameters, credentials);
  try {
    const jobId = await acceptJob(ctx, {
      operation: "instance.create",
      request: { kind: "instance.create", installId, start, before: { adminState: "stopped", installState: null, installId: null } },
      ops: opcodes(ctx, input, node.name, sentNames(input.parameters)),
      instance: { id: instanceId, name: input.name, ownerId },
      serialNo: null,
      privateValues,
      secrets,
      auditDetails: { osType: input.osType, node: node.name, tooShortToScrub: prepared.tooShortToScrub },
      write: async (tx, id) => {
        await warnTooShort(tx, id, prepared.tooShortToScrub);
        await tx.instance.create({
          data: {
            id: instanceId,
            name: input.name,
            ownerId,
            nodeId: node.id,
            definitionId: definition?.definitionId ?? null,
            variant: definition?.variant ?? null,
            installSource: toJson(own),
            vcpus: input.vcpus,
            memoryMib: input.memoryMib,
            tags: input.tags ?? [],
            communication: input.communication ?? false,
            ...(input.datasource === undefined ? {} : { datasource: input.datasource }),
            sshKeys: input.sshKeys ?? [],
            userData: input.userData === undefined ? null : sealUserData(keyring, instanceId, input.userData),
            operState: "stopped",
            lockedByJobId: id,
            disks: { createMany: { data: disks } },
            nics: { createMany: { data: placed.map(({ id: nicId, index, mac, plan }) => ({ id: nicId, index, mac, ...nicColumns(plan) })) } },
          },
          select: { id: true },
        });
        await takeNicAddresses(tx, placed);
        if (hasAddresses && input.communication === true) await allocateChannelAddress(tx, { instanceId });
        await insertInstall(tx, keyring, {
          id: installId,
          jobId: id,
          instanceId,
          nodeId: node.id,
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
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // Two requests at the same moment, or an address that somebody has: the name is the likelier one.
    const now = await db.instance.findUnique({ where: { name: input.name }, select: { id: true } });
    throw now === null ? new SlipwayError("exists", "A MAC address is taken by another NIC.", { field: "nics" }) : nameTaken(input.name);
  }
}

function nameTaken(name: string): SlipwayError {
  return new SlipwayError("exists", `There is an instance ${name} already.`, { field: "name" });
}

/** The owner's id: somebody who is named, or whoever asks. */
async function findOwner(ctx: RequestContext, name: string | undefined): Promise<string | null> {
  if (name === undefined) return ctx.identity.kind === "user" ? ctx.identity.userId : null;
  const user = await ctx.services.db.user.findUnique({ where: { name }, select: { id: true } });
  if (user === null) throw new SlipwayError("unknown_object", `There is no user ${name}.`, { field: "owner" });
  return user.id;
}

function opcodes(ctx: RequestContext, input: CreateInstanceInput, node: string | null, sent: SentNames) {
  const { name, osType, vcpus, memoryMib, disks, nics } = input;
  return createOpcodes(
    { name, osType, node, vcpus, memoryMib, disks, nics, tags: input.tags ?? [], start: input.start ?? true, communication: input.communication ?? false, sent },
    { interface: ctx.interface, at: new Date() },
  );
}
