/** Everything that is checked and decided before an install is accepted (design: install, "Checked before anything is wiped"). */
import type { RequestContext, Services } from "#lib/context/context.ts";
import type { InstanceParameter, NodeRow, Queryable } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { InstallOperation, InstallPlan } from "#lib/domain/install-plan.ts";
import type { InstallSource } from "#lib/domain/install-source.ts";
import { mergeParameters } from "#lib/domain/merge-parameters.ts";
import type { SentParameters } from "#lib/domain/parameters.ts";
import { needsAppliance, planInstall } from "#lib/domain/plan-install.ts";
import type { PlannedDisk } from "#lib/domain/plan-install.ts";
import { installsAnew } from "#lib/domain/plan-refusals.ts";
import { neededDiskMib, refuseForRoom } from "#lib/domain/plan-room.ts";
import type { NodeRoom, RoomNeed } from "#lib/domain/plan-room.ts";
import type { EffectiveParameter, ParameterProblem } from "#lib/domain/resolve-parameters.ts";
import { parameterError, resolveParameters } from "#lib/domain/resolve-parameters.ts";
import { factsOf, requireNode } from "./choose-node.ts";
import { storedSources } from "./effective-parameters.ts";
import type { FoundDefinition } from "./find-definition.ts";
import { credentialsProblem } from "./package-credentials.ts";
import { reservedDiskMib } from "./reserved-disk.ts";
import type { PackageCredentials } from "./source-schemas.ts";

export interface InstallFacts {
  readonly operation: InstallOperation;
  /** Null: without an OS definition. */
  readonly definition: FoundDefinition | null;
  /** The definition's defaults in it; NO_SOURCE for import, rename and export. */
  readonly source: InstallSource;
  readonly node: NodeRow;
  readonly disks: readonly PlannedDisk[];
  readonly memoryMib: number;
  /** MiB of memory that have to be free: none where the instance runs and has it already. */
  readonly memoryNeedMib: number;
  readonly start: boolean | null;
  /** Whether the last install came to its end: then there is a first disk to keep. */
  readonly hasPreviousDisk: boolean;
  /** Whether there are disks on the node at all (disk-facts.ts). */
  readonly hasDisks: boolean;
  /** `enable_safe_install` of the request; null: it says nothing. */
  readonly safeInstall: boolean | null;
  readonly inPlace: boolean;
  readonly replaceDataDisks: readonly number[];
}

export interface PreparedInstall {
  readonly plan: InstallPlan;
  /** Null: no appliance takes part. */
  readonly applianceDigest: string | null;
  readonly parameters: readonly EffectiveParameter[];
  readonly tooShortToScrub: readonly string[];
}

export interface MadePlan {
  readonly plan: InstallPlan;
  /** The cluster's; null: it has none. */
  readonly applianceDigest: string | null;
  readonly privateSources: readonly string[];
}

/** The plan alone, for a preview. @throws SlipwayError with the refusal */
export async function makePlan(db: Queryable, { definition, node, memoryNeedMib: _memoryNeedMib, ...facts }: InstallFacts): Promise<MadePlan> {
  const cluster = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, include: { appliance: { select: { rootDigest: true, contractVersion: true } } } });
  const { appliance } = cluster;
  const planned = planInstall({
    ...facts,
    definition: definition?.planned ?? null,
    variant: definition?.variant ?? null,
    cluster,
    // An agent that hasn't said that it can't be asked to.
    nodeRunsHostScripts: factsOf(node)?.runsHostScripts ?? false,
    appliance: appliance === null ? null : { hasRoot: appliance.rootDigest !== null, contract: appliance.contractVersion },
  });
  if (!planned.ok) {
    const { code, message, field } = planned.refusal;
    throw new SlipwayError(code, message, field === null ? {} : { field });
  }
  return { plan: planned.plan, applianceDigest: cluster.applianceDigest, privateSources: cluster.privateSources };
}

/** What an install needs beside what others under way need, and why the node hasn't got it; null: it has. */
export async function lookForRoom(db: Queryable, facts: InstallFacts, plan: InstallPlan): Promise<{ readonly need: RoomNeed; readonly free: NodeRoom | null; readonly refusal: ReturnType<typeof refuseForRoom> }> {
  const need = { diskMib: neededDiskMib(plan, facts.disks, facts.hasDisks), memoryMib: facts.memoryNeedMib };
  const said = factsOf(facts.node);
  if (said === null) return { need, free: null, refusal: null };
  const free = { memoryFreeMib: said.memoryFreeMib, diskFreeMib: Math.max(0, said.diskFreeMib - (await reservedDiskMib(db, facts.node.id))) };
  const inPlaceWouldDo = facts.operation === "reinstall" && facts.hasDisks && !plan.inPlace && plan.replacesDataDisks.length === 0;
  return { need, free, refusal: refuseForRoom(facts.node.name, free, need, inPlaceWouldDo) };
}

export interface GivenForInstall {
  /** What the instance keeps from its last install. */
  readonly kept: readonly InstanceParameter[];
  readonly sent: SentParameters;
  /** For the package; null: none were sent. */
  readonly credentials: PackageCredentials | null;
}

/** Plan, parameters and room, or the first refusal. @throws SlipwayError */
export async function prepareInstall({ services }: RequestContext, facts: InstallFacts, given: GivenForInstall): Promise<PreparedInstall> {
  const { plan, applianceDigest } = await makePlan(services.db, facts);
  const wantsAppliance = needsAppliance(plan);
  if (wantsAppliance && applianceDigest === null) throw new SlipwayError("unsupported", "The cluster has no install appliance yet.", { field: "appliance" });
  const parameters = await parametersOf(services, facts, given, credentialsProblem(plan, given.credentials));
  requireNode(facts.node, facts.operation === "create" || facts.operation === "import" ? "create" : "other");
  const { refusal } = await lookForRoom(services.db, facts, plan);
  if (refusal !== null) throw new SlipwayError(refusal.code, refusal.message, { field: "node" });
  return { plan, applianceDigest: wantsAppliance ? applianceDigest : null, ...parameters };
}

async function parametersOf(services: Services, { operation, definition }: InstallFacts, { kept, sent }: GivenForInstall, missing: ParameterProblem | null): Promise<Pick<PreparedInstall, "parameters" | "tooShortToScrub">> {
  const sources = await storedSources(services, definition, kept);
  // What works on the system that is there gets what is kept of it; nothing is asked for again.
  if (!installsAnew(operation)) return { parameters: [...mergeParameters(sources).found.values()], tooShortToScrub: [] };
  const resolved = resolveParameters({ ...sources, sent, operation: operation === "reinstall" ? "reinstall" : "create" });
  if (!resolved.ok) throw parameterError(missing === null ? resolved.problems : [...resolved.problems, missing]);
  if (missing !== null) throw new SlipwayError(missing.code, missing.message, { field: "package", names: missing.names });
  return resolved;
}
