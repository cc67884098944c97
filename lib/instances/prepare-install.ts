/** Everything that is checked and decided before a create or reinstall is accepted (design: install, "Checked before anything is wiped"). */
import type { RequestContext } from "#lib/context/context.ts";
import type { InstanceParameter, NodeRow, Queryable } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { SentParameters } from "#lib/domain/parameters.ts";
import { planInstall, refuseForRoom } from "#lib/domain/plan-install.ts";
import type { EffectiveParameter } from "#lib/domain/resolve-parameters.ts";
import { parameterError, resolveParameters } from "#lib/domain/resolve-parameters.ts";
import type { Need } from "./choose-node.ts";
import { factsOf, requireNode } from "./choose-node.ts";
import { storedSources } from "./effective-parameters.ts";
import type { FoundDefinition } from "./find-definition.ts";

export interface InstallFacts {
  readonly operation: "create" | "reinstall";
  readonly definition: FoundDefinition;
  readonly node: NodeRow;
  readonly disks: readonly { readonly index: number; readonly sizeMib: number }[];
  readonly memoryMib: number;
  readonly start: boolean | null;
  /** Whether the last install came to its end: then there is a first disk to keep. */
  readonly hasPreviousDisk: boolean;
  /** `enable_safe_install` of the request. */
  readonly safeInstall: boolean;
}

export interface PreparedInstall {
  readonly plan: InstallPlan;
  readonly applianceDigest: string;
  readonly parameters: readonly EffectiveParameter[];
  readonly tooShortToScrub: readonly string[];
}

/** The plan alone, for a preview. @throws SlipwayError with the refusal */
export async function makePlan(db: Queryable, facts: InstallFacts): Promise<{ readonly plan: InstallPlan; readonly applianceDigest: string | null }> {
  const cluster = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, include: { appliance: { select: { rootDigest: true } } } });
  const planned = planInstall({
    operation: facts.operation,
    definition: facts.definition.planned,
    variant: facts.definition.variant,
    disks: facts.disks,
    memoryMib: facts.memoryMib,
    start: facts.start,
    hasPreviousDisk: facts.hasPreviousDisk,
    cluster,
    // An agent that hasn't said that it can't be asked to.
    nodeRunsHostScripts: factsOf(facts.node)?.runsHostScripts ?? false,
    applianceHasRoot: cluster.appliance === null ? null : cluster.appliance.rootDigest !== null,
    safeInstall: facts.safeInstall,
  });
  if (!planned.ok) {
    const { code, message, field } = planned.refusal;
    throw new SlipwayError(code, message, field === null ? {} : { field });
  }
  return { plan: planned.plan, applianceDigest: cluster.applianceDigest };
}

export interface GivenForInstall {
  /** What the instance keeps from its last install. */
  readonly kept: readonly InstanceParameter[];
  readonly sent: SentParameters;
  readonly need: Need;
}

/** Plan, parameters and room, or the first refusal. @throws SlipwayError */
export async function prepareInstall({ services }: RequestContext, facts: InstallFacts, given: GivenForInstall): Promise<PreparedInstall> {
  const { plan, applianceDigest } = await makePlan(services.db, facts);
  if (applianceDigest === null) throw new SlipwayError("unsupported", "The cluster has no install appliance yet.", { field: "appliance" });
  const resolved = resolveParameters({ ...(await storedSources(services, facts.definition, given.kept)), sent: given.sent, operation: facts.operation });
  if (!resolved.ok) throw parameterError(resolved.problems);
  requireNode(facts.node, facts.operation === "create" ? "create" : "other");
  const free = factsOf(facts.node);
  const refusal = free === null ? null : refuseForRoom(facts.node.name, free, given.need);
  if (refusal !== null) throw new SlipwayError(refusal.code, refusal.message, { field: "node" });
  return { plan, applianceDigest, parameters: resolved.parameters, tooShortToScrub: resolved.tooShortToScrub };
}
