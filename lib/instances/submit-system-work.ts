import { randomUUID } from "node:crypto";
import type { PublicFacts } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { Operation } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import { NO_SOURCE } from "#lib/domain/install-source.ts";
import { blockedActions } from "#lib/domain/instance-status.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { insertInstall } from "#lib/installs/insert-install.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { beforeJob } from "./before-job.ts";
import { factsOf } from "./choose-node.ts";
import { diskFacts } from "./disk-facts.ts";
import { findDefinition } from "./find-definition.ts";
import { actionFacts, osTypeOf } from "./instance-row.ts";
import { newParameters } from "./new-parameters.ts";
import { prepareInstall } from "./prepare-install.ts";
import type { DetailRow } from "./read-instance.ts";

type Before = Extract<JobRequest, { readonly kind: "instance.export" }>["before"];

/** Work of a definition's script on the system that an instance has: an export, a rename. */
export interface SystemWork {
  readonly operation: Operation & ("instance.export" | "instance.rename");
  readonly request: (installId: string, before: Before) => JobRequest;
  readonly ops: readonly Opcode[];
  readonly auditDetails: PublicFacts;
  readonly write?: (tx: Transaction, jobId: number) => Promise<void>;
}

const VERBS = { "instance.export": "exported", "instance.rename": "renamed" } as const;
const SCRIPTS = { "instance.export": "export", "instance.rename": "rename" } as const;

/**
 * Plans and accepts an install that works on what is there (design: install, "Other operations"). It gets what the instance keeps of its
 * parameters; secrets aren't kept, and aren't asked for.
 *
 * @throws SlipwayError `conflict`, `unsupported` where the definition has no such script, `no_room`, `node_unreachable`
 */
export async function submitSystemWork(ctx: RequestContext, row: DetailRow, work: SystemWork): Promise<{ readonly jobId: number; readonly installId: string }> {
  const { db, keyring } = ctx.services;
  if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
  const script = SCRIPTS[work.operation];
  const reason = blockedActions(actionFacts(row, new Date()), null)[script];
  const osType = osTypeOf(row);
  if (reason !== undefined || osType === null) throw new SlipwayError("conflict", `Instance ${row.name} can't be ${VERBS[work.operation]}. ${reason ?? ""}`.trim(), { field: "instance" });
  const [definition, node, disks] = await Promise.all([findDefinition(ctx, osType, { alreadyUsedBy: row.definitionId }), db.node.findUniqueOrThrow({ where: { id: row.nodeId } }), diskFacts(db, row)]);
  const facts = {
    operation: script,
    definition,
    source: NO_SOURCE,
    node,
    disks: row.disks,
    memoryMib: row.memoryMib,
    // It is there already where the instance runs.
    memoryNeedMib: row.operState === "running" ? 0 : row.memoryMib,
    start: null,
    ...disks,
    safeInstall: null,
    inPlace: false,
    replaceDataDisks: [],
  } as const;
  const prepared = await prepareInstall(ctx, facts, { kept: row.parameters, sent: { public: {}, private: {}, secret: {} }, credentials: null });
  const { privateValues, secrets } = newParameters(prepared.parameters, null);
  const installId = randomUUID();
  const hasAddresses = hasChannelAddresses(factsOf(node));
  const jobId = await acceptJob(ctx, {
    operation: work.operation,
    request: work.request(installId, await beforeJob(db, row)),
    ops: work.ops,
    instance: { id: row.id, name: row.name, ownerId: row.ownerId },
    serialNo: row.serialNo,
    privateValues,
    secrets,
    auditDetails: { osType, ...work.auditDetails },
    write: async (tx, id) => {
      await work.write?.(tx, id);
      if (hasAddresses && row.communication) await allocateChannelAddress(tx, { instanceId: row.id });
      await insertInstall(tx, keyring, {
        id: installId,
        jobId: id,
        instanceId: row.id,
        nodeId: row.nodeId,
        definitionId: definition.definitionId,
        definitionVersionId: definition.versionId,
        variant: definition.variant,
        applianceDigest: prepared.applianceDigest,
        plan: prepared.plan,
        parameters: prepared.parameters,
        needsAddress: hasAddresses,
      });
    },
  });
  return { jobId, installId };
}
