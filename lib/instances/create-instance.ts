import { randomUUID } from "node:crypto";
import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { createOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import type { OpcodeSource, SentNames } from "#lib/domain/ganeti-opcodes.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import type { AcceptedInstall } from "./accept-new-instance.ts";
import { acceptNewInstance, findOwner } from "./accept-new-instance.ts";
import { chooseNode, findNode } from "./choose-node.ts";
import { findDefinition } from "./find-definition.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { requireNics, requireNodeNics } from "./place-nics.ts";
import { prepareInstall } from "./prepare-install.ts";
import { requestSource } from "./request-source.ts";
import { nameTaken } from "./reserve-name.ts";
import type { CreateInstanceInput } from "./schemas.ts";
import { refusedNames, sentNames } from "./sent-names.ts";
import { sealUserData } from "./user-data.ts";

export type { AcceptedInstall } from "./accept-new-instance.ts";

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
  const instanceId = randomUUID();
  return acceptNewInstance(ctx, {
    operation: "instance.create",
    request: (installId) => ({ kind: "instance.create", installId, start, before: { adminState: "stopped", installState: null, installId: null } }),
    ops: opcodes(ctx, input, node.name, sentNames(input.parameters), input),
    id: instanceId,
    name: input.name,
    ownerId,
    node,
    definition,
    communication: input.communication ?? false,
    columns: {
      installSource: toJson(own),
      vcpus: input.vcpus,
      memoryMib: input.memoryMib,
      tags: input.tags ?? [],
      ...(input.datasource === undefined ? {} : { datasource: input.datasource }),
      sshKeys: input.sshKeys ?? [],
      userData: input.userData === undefined ? null : sealUserData(keyring, instanceId, input.userData),
    },
    disks,
    nics: nics.map((plan, index) => ({ mac: input.nics[index]?.mac, plan })),
    prepared,
    credentials,
  });
}

function opcodes(ctx: RequestContext, input: CreateInstanceInput, node: string | null, sent: SentNames, source: OpcodeSource = {}) {
  const { name, osType, vcpus, memoryMib, disks, nics } = input;
  return createOpcodes(
    { name, osType, node, vcpus, memoryMib, disks, nics, tags: input.tags ?? [], start: input.start ?? true, communication: input.communication ?? false, sent, source },
    { interface: ctx.interface, at: new Date() },
  );
}
