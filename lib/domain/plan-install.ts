/** What an install will do, or why it can't: decided before anything is touched (design: install, "What a request can combine"). */
import type { InstallOperation, InstallPlan, PlannedScript, ScriptPlace } from "./install-plan.ts";
import type { InstallSource } from "./install-source.ts";
import { NO_SOURCE } from "./install-source.ts";
import type { Completion } from "./install-states.ts";
import type { ApplianceKind } from "./os-definition.ts";
import { formatOsType } from "./os-definition.ts";
import { placeScript } from "./place-scripts.ts";
import type { PlannedAppliance, PlannedDefinition, PlannedDisk, Refusal } from "./plan-refusals.ts";
import {
  installsAnew,
  NO_DISK,
  refuseApi,
  refuseAppliance,
  refuseContract,
  refuseDataDisks,
  refuseDefinition,
  refusePackage,
  refuseSize,
  refuseSource,
  refuseVariant,
} from "./plan-refusals.ts";

export type { PlannedAppliance, PlannedDefinition, PlannedDisk, Refusal } from "./plan-refusals.ts";
export { OS_API_VERSION } from "./plan-refusals.ts";

export interface PlanRequest {
  readonly operation: InstallOperation;
  /** Null: without an OS definition. */
  readonly definition: PlannedDefinition | null;
  readonly variant: string | null;
  /** What the install is made from, the definition's defaults in it (own-source.ts). Of no use to rename and export, nor to an import. */
  readonly source: InstallSource;
  readonly disks: readonly PlannedDisk[];
  readonly memoryMib: number;
  readonly start: boolean | null;
  /** Whether the first disk holds a system that came to its end: one to keep, and to go back to. */
  readonly hasPreviousDisk: boolean;
  /** Whether there are disks on the node at all, also where an install in place has spoilt the first one. */
  readonly hasDisks: boolean;
  readonly cluster: {
    readonly hostScripts: boolean;
    readonly enableSafeInstall: boolean;
    readonly installTimeoutSeconds: number | null;
    readonly mediumTimeoutSeconds: number | null;
    readonly diskRetentionSeconds: number;
  };
  /** Whether the node's agent can run scripts on its host. */
  readonly nodeRunsHostScripts: boolean;
  /** The cluster's appliance; null: there is none, which is said for itself. */
  readonly appliance: PlannedAppliance | null;
  /** `enable_safe_install` of the request; null: it says nothing, and the cluster's own counts. */
  readonly safeInstall: boolean | null;
  /** A reinstall may write to the first disk itself. */
  readonly inPlace: boolean;
  /** Data disks that a reinstall makes anew too, by index. */
  readonly replaceDataDisks: readonly number[];
}

export type Planned = { readonly ok: true; readonly plan: InstallPlan } | { readonly ok: false; readonly refusal: Refusal };

/** Plans an install, or refuses it with a reason. */
export function planInstall(request: PlanRequest): Planned {
  const { operation, definition, cluster } = request;
  // An import has its system from the export, and the others work on the one that is there.
  const source = operation === "create" || operation === "reinstall" ? request.source : NO_SOURCE;
  const disks = request.disks.toSorted((a, b) => a.index - b.index);
  const first = disks.find(({ index }) => index === 0);
  if (first === undefined) return { ok: false, refusal: NO_DISK };
  const inPlace = request.inPlace && operation === "reinstall" && request.hasDisks;
  const refusal = refuseRequest(request, source, first, inPlace);
  if (refusal !== null) return { ok: false, refusal };
  const runs = placeRuns(request);
  if (!Array.isArray(runs)) return { ok: false, refusal: runs };
  const verifiesFirst = installsAnew(operation) && definition !== null && definition.manifest.untrustedScripts.includes("verify");
  const appliance = definition !== null && (verifiesFirst || runs.some(({ place }) => place === "appliance")) ? definition.manifest.appliance : null;
  const lacking = refuseForAppliance(request, source, runs, appliance);
  if (lacking !== null) return { ok: false, refusal: lacking };
  const completion = completionOf(source, runs);
  const replaced = new Set(request.replaceDataDisks);
  const dataDisks = disks.filter(({ index }) => index !== 0).map(({ index, sizeMib }) => ({ index, sizeMib }));
  const isNew = operation === "create" || operation === "import";
  const keeps = request.hasPreviousDisk && (operation === "reinstall" || operation === "rename") && !inPlace;
  return {
    ok: true,
    plan: {
      operation,
      osType: definition === null ? null : formatOsType(definition.name, request.variant),
      definitionVersion: definition?.version ?? null,
      definitionDigest: definition?.digest ?? null,
      image: source.image,
      runs,
      appliance,
      medium: source.medium,
      package: source.package,
      verifiesFirst,
      completion,
      replacesDisk: operation === "export" ? null : { index: 0, sizeMib: first.sizeMib },
      replacesDataDisks: dataDisks.filter(({ index }) => replaced.has(index)),
      keepsDisks: isNew ? [] : dataDisks.filter(({ index }) => !replaced.has(index)),
      inPlace,
      retainPreviousSeconds: keeps ? cluster.diskRetentionSeconds : null,
      timeoutSeconds: completion === "first_boot" ? cluster.mediumTimeoutSeconds : cluster.installTimeoutSeconds,
      start: request.start,
      steps: definition?.manifest.steps ?? [],
    },
  };
}

/** Whether an appliance takes part in a plan: for the untrusted half, or to lay a package over the system. */
export function needsAppliance(plan: Pick<InstallPlan, "appliance" | "package">): boolean {
  return plan.appliance !== null || plan.package !== null;
}

function refuseRequest({ operation, definition, variant, disks, memoryMib, replaceDataDisks }: PlanRequest, source: InstallSource, first: PlannedDisk, inPlace: boolean): Refusal | null {
  return refuseSource(operation, definition, source) ?? (definition === null ? null : refuseOf(operation, definition, variant, first, memoryMib)) ?? refuseDataDisks(operation, replaceDataDisks, disks, inPlace);
}

/** What a system was installed with goes on working on it, also where nothing new is installed with that any more. */
function refuseOf(operation: InstallOperation, definition: PlannedDefinition, variant: string | null, first: PlannedDisk, memoryMib: number): Refusal | null {
  if (!installsAnew(operation)) return refuseApi(definition);
  return refuseVariant(definition, variant) ?? refuseDefinition(definition) ?? refuseSize(definition, first, memoryMib);
}

function refuseForAppliance(request: PlanRequest, source: InstallSource, runs: readonly ScriptPlace[], needed: ApplianceKind | null): Refusal | null {
  const { definition, appliance } = request;
  const script = runs.find(({ place }) => place === "appliance")?.script ?? null;
  return refuseAppliance(definition?.name ?? "", needed, appliance?.hasRoot ?? null) ?? refuseContract(appliance, script) ?? (source.package === null ? null : refusePackage(appliance));
}

function scriptOf(operation: InstallOperation): PlannedScript {
  return operation === "reinstall" ? "create" : operation;
}

/** Where the operation's script runs, with who answers for it where that is a host. Without a definition there is none. */
function placeRuns({ operation, definition, cluster, nodeRunsHostScripts, safeInstall }: PlanRequest): ScriptPlace[] | Refusal {
  if (definition === null) return [];
  const { name, digest, trusted, manifest } = definition;
  const script = scriptOf(operation);
  // Only who installs is asked about it.
  const standing = operation === "create" || operation === "reinstall" ? cluster.enableSafeInstall : true;
  const placed = placeScript(script, {
    definition: name,
    hostScripts: manifest.hostScripts,
    untrustedScripts: manifest.untrustedScripts,
    isTrusted: trusted !== null,
    clusterAllowsHostScripts: cluster.hostScripts,
    nodeRunsHostScripts,
    safeInstall: safeInstall ?? standing,
  });
  if (!placed.ok) return { code: placed.code, message: placed.message, field: placed.field };
  return placed.places.flatMap((place): ScriptPlace[] => {
    if (place === "appliance") return [{ place, script, definition: name, digest }];
    // Only what is trusted is placed there.
    return trusted === null ? [] : [{ place, script, definition: name, digest, trustedBy: trusted.by, trustedAt: trusted.at }];
  });
}

/** How the install ends (design: install, "Success is said, not inferred"). */
function completionOf(source: InstallSource, runs: readonly ScriptPlace[]): Completion {
  if (Object.keys(source.medium).length > 0) return "first_boot";
  if (runs.length > 0) return "reported";
  return source.confirmsFirstBoot ? "first_boot" : "written";
}
