import type { RequestContext } from "#lib/context/context.ts";
import { reach } from "#lib/domain/access.ts";
import { blockedActions } from "#lib/domain/instance-status.ts";
import type { InstanceAction, InstanceDetail } from "#lib/domain/instance.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import { instanceParameters } from "./effective-parameters.ts";
import { readInstanceSource } from "./instance-source.ts";
import { actionFacts, instanceSummary } from "./instance-row.ts";
import { previousSystemView } from "./previous-system-view.ts";
import { nicView } from "./nic-view.ts";
import { readInstance } from "./read-instance.ts";
import type { DetailRow } from "./read-instance.ts";
import { readHostKeys } from "./host-keys.ts";
import { viewUserData } from "./user-data.ts";

/** @throws SlipwayError `unknown_object` */
export async function getInstance(ctx: RequestContext, name: string): Promise<InstanceDetail> {
  const row = await readInstance(ctx, "instance.read", name);
  return {
    ...instanceSummary(row),
    serialNo: row.serialNo,
    communication: row.communication,
    datasource: row.datasource,
    sshKeys: row.sshKeys,
    userData: await viewUserData(ctx.services.keyring, row),
    hostKeys: readHostKeys(row.hostKeys),
    channelIp: row.address === null ? null : addressAt(row.address.network.subnet, row.address.offset),
    disks: row.disks,
    nics: row.nics.map(nicView),
    parameters: await instanceParameters(ctx.services, row),
    installSource: readInstanceSource(row.installSource),
    previous: await previousSystemView(ctx.services.db, row.previous, new Date()),
    rescue: row.rescue,
    lockedByJobId: row.lockedByJobId,
    blockedActions: await blocked(ctx, row),
  };
}

/** What its definition, as it is now, brings no script for. Whether an existing one may run where it would have to is the plan's to say. */
async function unscripted(ctx: RequestContext, { definition }: DetailRow): Promise<Partial<Record<InstanceAction, string>>> {
  if (definition === null) return {};
  const version = await ctx.services.db.osDefinitionVersion.findFirst({ where: { currentOf: { id: definition.id } }, select: { manifest: true } });
  if (version === null) return {};
  const { hostScripts, untrustedScripts } = osManifestSchema.parse(version.manifest);
  const missing = (["rename", "export"] as const).filter((script) => !hostScripts.includes(script) && !untrustedScripts.includes(script));
  return Object.fromEntries(missing.map((script) => [script, `OS definition ${definition.name} has no ${script} script.`]));
}

/** What the state forbids, and what this person may not do. */
async function blocked(ctx: RequestContext, row: DetailRow): Promise<Partial<Record<InstanceAction, string>>> {
  const job = row.lockedByJobId === null ? null : await ctx.services.db.job.findUnique({ where: { id: row.lockedByJobId }, select: { cancelRequestedAt: true } });
  const lock = row.lockedByJobId === null ? null : { jobId: row.lockedByJobId, cancelRequested: (job?.cancelRequestedAt ?? null) !== null };
  const state = { ...(await unscripted(ctx, row)), ...blockedActions(actionFacts(row, new Date()), lock) };
  return reach(ctx.identity, "instance.delete") === "none" ? { ...state, delete: "Only administrators delete instances." } : state;
}
