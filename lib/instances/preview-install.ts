import type { RequestContext } from "#lib/context/context.ts";
import type { SlipwayError } from "#lib/domain/errors.ts";
import type { InstallCheck, InstallPlan, InstallPreview } from "#lib/domain/install-plan.ts";
import { nodeProblem } from "#lib/domain/instance-status.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { promptParameters, secretsToSend } from "#lib/domain/parameter-prompts.ts";
import type { StoredSources } from "#lib/domain/merge-parameters.ts";
import { needsAppliance } from "#lib/domain/plan-install.ts";
import { storedProblems } from "#lib/domain/resolve-parameters.ts";
import { expectedSeconds } from "#lib/installs/expected-seconds.ts";
import { channelShortage } from "#lib/networks/allocate-address.ts";
import { factsOf } from "./choose-node.ts";
import { storedSources, viewSources } from "./effective-parameters.ts";
import type { InstallFacts } from "./prepare-install.ts";
import { lookForRoom, makePlan } from "./prepare-install.ts";
import { credentialsProblem } from "./package-credentials.ts";
import { probeSources } from "./probe-sources.ts";
import type { DetailRow } from "./read-instance.ts";
import type { PackageCredentials } from "./source-schemas.ts";

export interface Previewed {
  /** Null: it isn't there yet. */
  readonly instance: DetailRow | null;
  /** What it keeps that counts for this install. */
  readonly kept: DetailRow["parameters"];
  /** Of the package, as they were sent. */
  readonly credentials: PackageCredentials | null;
  /** Whether the node is asked if image, medium and package can be reached. */
  readonly probe: boolean;
}

/**
 * What an install would do, what it asks for, and what has been looked at. Nothing is changed.
 *
 * @throws SlipwayError where there is no plan to show: unknown definition or variant, disk too small …
 */
export async function previewInstall(ctx: RequestContext, facts: InstallFacts, { instance, kept, credentials, probe }: Previewed): Promise<InstallPreview> {
  const { db, keyring } = ctx.services;
  const { definition, node } = facts;
  const { plan, applianceDigest, privateSources } = await makePlan(db, facts);
  const [expected, sources, shortage, room, reached] = await Promise.all([
    expectedSeconds(db, [definition?.versionId ?? null]),
    storedSources(ctx.services, definition, kept),
    channelShortage(db, channelAddresses(facts, instance)),
    lookForRoom(db, facts, plan),
    probe && nodeProblem(node) === null ? probeSources(ctx.services, plan, { node, privateSources, credentials }) : [],
  ]);
  // Before the first install nothing is the instance's own, so that its id stands nowhere; without a definition nothing is one's.
  const views = viewSources(keyring, sources, { instanceId: instance?.id ?? "", definitionId: definition?.definitionId ?? "" });
  const parameters = promptParameters(sources.declarations, views);
  const secrets = secretsToSend(parameters);
  return {
    plan,
    parameters,
    secretsToSend: secrets,
    needsPackageCredentials: credentialsProblem(plan, credentials) !== null,
    checks: [
      nodeCheck(facts),
      ...roomChecks(facts, room),
      ...definitionChecks(facts),
      ...applianceChecks(plan, applianceDigest),
      ...reached,
      ...channelChecks(shortage),
      ...secretChecks(secrets),
      ...storedChecks(sources),
      ...lockChecks(instance?.lockedByJobId ?? null),
    ],
    expectedSeconds: expected.get(definition?.versionId ?? "") ?? null,
  };
}

function nodeCheck({ node }: InstallFacts): InstallCheck {
  const problem = nodeProblem(node);
  return { id: "node", ok: problem === null, text: problem ?? `Node ${node.name} answers.` };
}

function roomChecks({ node }: InstallFacts, { need, free, refusal }: Awaited<ReturnType<typeof lookForRoom>>): InstallCheck[] {
  if (free === null) return [];
  const text = refusal?.message ?? `Node ${node.name} has ${gib(free.diskFreeMib)} of disk free; ${gib(need.diskMib)} are needed.`;
  return [{ id: "room", ok: refusal === null, text }];
}

function gib(mib: number): string {
  return mib < 1_024 ? `${mib} MiB` : `${(mib / 1_024).toFixed(mib < 10_240 ? 1 : 0)} GiB`;
}

function definitionChecks({ definition }: InstallFacts): InstallCheck[] {
  if (definition === null) return [];
  const { name, version, trusted } = definition.planned;
  const trust = trusted === null ? "it is untrusted, so its scripts run in the appliance only" : `trusted by ${trusted.by}`;
  return [{ id: "definition", ok: true, text: `OS definition ${name}, version ${version}; ${trust}.` }];
}

function applianceChecks(plan: InstallPlan, digest: string | null): InstallCheck[] {
  if (!needsAppliance(plan)) return [];
  return [digest === null ? { id: "appliance", ok: false, text: "The cluster has no install appliance yet." } : { id: "appliance", ok: true, text: `Install appliance ${digest.slice(0, 12)} is ready.` }];
}

/** Addresses of the communication mechanism that the install takes: its appliances', and the instance's own where it wants one and has none. */
function channelAddresses({ node }: InstallFacts, instance: DetailRow | null): number {
  if (!hasChannelAddresses(factsOf(node))) return 0;
  return instance !== null && instance.communication && instance.address === null ? 2 : 1;
}

function channelChecks(shortage: SlipwayError | null): InstallCheck[] {
  return shortage === null ? [] : [{ id: "channel", ok: false, text: shortage.message }];
}

function secretChecks(names: readonly string[]): InstallCheck[] {
  if (names.length === 0) return [];
  return [{ id: "parameters", ok: true, text: `Secrets are not kept; these must be sent: ${names.join(", ")}.` }];
}

/** A default that was set before the definition asked for something else, or for another one. */
function storedChecks(sources: StoredSources): InstallCheck[] {
  return storedProblems(sources).map(({ message }) => ({ id: "parameters", ok: false, text: `${message} Send another value.` }));
}

function lockChecks(jobId: number | null): InstallCheck[] {
  return jobId === null ? [] : [{ id: "lock", ok: false, text: `Job ${jobId} is working on this instance.` }];
}
