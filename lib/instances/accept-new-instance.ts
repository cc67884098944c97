import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import type { NodeRow, Prisma } from "#lib/db/client.ts";
import { isUniqueViolation } from "#lib/db/errors.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import type { PlannedNic } from "#lib/domain/nic-rules.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { insertInstall } from "#lib/installs/insert-install.ts";
import { acceptJob } from "#lib/jobs/accept-job.ts";
import { shortValueWarnings, warnTooShort } from "#lib/jobs/warn-too-short.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { factsOf } from "./choose-node.ts";
import type { FoundDefinition } from "./find-definition.ts";
import { makeMacs } from "./make-mac.ts";
import { newParameters } from "./new-parameters.ts";
import { nicColumns, takeNicAddresses } from "./place-nics.ts";
import type { PreparedInstall } from "./prepare-install.ts";
import { sourceFacts } from "./request-source.ts";
import { nameTaken, reserveName } from "./reserve-name.ts";
import type { PackageCredentials } from "./source-schemas.ts";

export interface AcceptedInstall {
  readonly jobId: number;
  /** Null: the request was refused, and the job says why (RAPI only). */
  readonly installId: string | null;
  /** Sentences about what was accepted all the same (design: visibility, "the API warns when it accepts one"). */
  readonly warnings: readonly string[];
}

/** An instance that isn't there yet, with everything about it decided. */
export interface NewInstance {
  readonly operation: "instance.create" | "instance.import";
  readonly request: (installId: string) => JobRequest;
  readonly ops: readonly Opcode[];
  readonly id: string;
  readonly name: string;
  readonly ownerId: string | null;
  readonly node: NodeRow;
  readonly definition: FoundDefinition | null;
  readonly communication: boolean;
  /** What else stands in its row. */
  readonly columns: Pick<Prisma.InstanceUncheckedCreateInput, "installSource" | "vcpus" | "memoryMib" | "tags" | "datasource" | "sshKeys" | "userData">;
  readonly disks: readonly { readonly index: number; readonly sizeMib: number; readonly name: string | null }[];
  /** `mac`: undefined where one is to be made. */
  readonly nics: readonly { readonly mac: string | undefined; readonly plan: PlannedNic }[];
  readonly prepared: PreparedInstall;
  readonly credentials: PackageCredentials | null;
}

/**
 * Accepts the job of a new instance: its row, disks, NICs and addresses, and its install, all or nothing.
 *
 * @throws SlipwayError `exists`, `conflict`, `no_room` where there is no address
 */
export async function acceptNewInstance(ctx: RequestContext, instance: NewInstance): Promise<AcceptedInstall> {
  const { db, keyring } = ctx.services;
  const { id: instanceId, name, ownerId, node, definition, communication, prepared } = instance;
  const generated = await makeMacs(db, instance.nics.filter(({ mac }) => mac === undefined).length);
  const placed = instance.nics.map(({ mac, plan }, index) => ({ id: randomUUID(), index, mac: mac ?? generated.shift() ?? "", plan }));
  const hasAddresses = hasChannelAddresses(factsOf(node));
  const installId = randomUUID();
  const { privateValues, secrets } = newParameters(prepared.parameters, instance.credentials);
  try {
    const jobId = await acceptJob(ctx, {
      operation: instance.operation,
      request: instance.request(installId),
      ops: instance.ops,
      instance: { id: instanceId, name, ownerId },
      serialNo: null,
      privateValues,
      secrets,
      auditDetails: { ...sourceFacts(prepared.plan), node: node.name, tooShortToScrub: prepared.tooShortToScrub },
      write: async (tx, id) => {
        await warnTooShort(tx, id, prepared.tooShortToScrub);
        await reserveName(tx, name, id);
        await tx.instance.create({
          data: {
            ...instance.columns,
            id: instanceId,
            name,
            ownerId,
            nodeId: node.id,
            definitionId: definition?.definitionId ?? null,
            variant: definition?.variant ?? null,
            communication,
            operState: "stopped",
            lockedByJobId: id,
            disks: { createMany: { data: [...instance.disks] } },
            nics: { createMany: { data: placed.map(({ id: nicId, index, mac, plan }) => ({ id: nicId, index, mac, ...nicColumns(plan) })) } },
          },
          select: { id: true },
        });
        await takeNicAddresses(tx, placed);
        if (hasAddresses && communication) await allocateChannelAddress(tx, { instanceId });
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
    // Somebody who doesn't reserve names has taken it (an import from Ganeti), or an address: the name is the likelier one.
    const now = await db.instance.findUnique({ where: { name }, select: { id: true } });
    throw now === null ? new SlipwayError("exists", "A MAC address is taken by another NIC.", { field: "nics" }) : nameTaken(name);
  }
}

/** The owner's id: somebody who is named, or whoever asks. @throws SlipwayError `unknown_object` */
export async function findOwner(ctx: RequestContext, name: string | undefined): Promise<string | null> {
  if (name === undefined) return ctx.identity.kind === "user" ? ctx.identity.userId : null;
  const user = await ctx.services.db.user.findUnique({ where: { name }, select: { id: true } });
  if (user === null) throw new SlipwayError("unknown_object", `There is no user ${name}.`, { field: "owner" });
  return user.id;
}
