/** What an install will do, or why it can't: decided before anything is touched (design: install, "What a request can combine"). */
import type { ErrorCode } from "./errors.ts";
import type { InstallPlan, ScriptPlace } from "./install-plan.ts";
import type { ApplianceKind, OsManifest } from "./os-definition.ts";
import { formatOsType } from "./os-definition.ts";
import type { PlacementFacts } from "./place-scripts.ts";
import { placeScript } from "./place-scripts.ts";

/** Ganeti's OS interface that scripts get. */
export const OS_API_VERSION = 20;

export interface PlannedDefinition {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly apiVersions: readonly number[];
  readonly variants: readonly string[];
  readonly manifest: OsManifest;
  /** Who said that this very version may run on hosts; null: untrusted. */
  readonly trusted: { readonly by: string; readonly at: string } | null;
  readonly blacklisted: boolean;
}

export interface PlanRequest {
  readonly operation: "create" | "reinstall";
  readonly definition: PlannedDefinition;
  readonly variant: string | null;
  readonly disks: readonly { readonly index: number; readonly sizeMib: number }[];
  readonly memoryMib: number;
  readonly start: boolean | null;
  /** Whether there is a first disk with something on it. */
  readonly hasPreviousDisk: boolean;
  readonly cluster: { readonly hostScripts: boolean; readonly installTimeoutSeconds: number | null; readonly diskRetentionSeconds: number };
  /** Whether the node's agent can run scripts on its host. */
  readonly nodeRunsHostScripts: boolean;
  /** Whether the cluster's appliance has the full userland; null: there is no appliance, which is said for itself. */
  readonly applianceHasRoot: boolean | null;
  /** `enable_safe_install` of the request. */
  readonly safeInstall: boolean;
}

export interface Refusal {
  readonly code: Extract<ErrorCode, "invalid" | "unknown_object" | "unsupported" | "disk_too_small" | "conflict" | "not_allowed">;
  readonly message: string;
  readonly field: string | null;
}

export type Planned = { readonly ok: true; readonly plan: InstallPlan } | { readonly ok: false; readonly refusal: Refusal };

/** Plans an install, or refuses it with a reason. */
export function planInstall(request: PlanRequest): Planned {
  const { definition, variant } = request;
  const refusal = refuseVariant(definition, variant) ?? refuseDefinition(definition) ?? refuseSize(request);
  if (refusal !== null) return { ok: false, refusal };
  const runs = placeCreate(request);
  if (!Array.isArray(runs)) return { ok: false, refusal: runs };
  const appliance = runs.some(({ place }) => place === "appliance") ? definition.manifest.appliance : null;
  const lacking = refuseAppliance(definition.name, appliance, request.applianceHasRoot);
  if (lacking !== null) return { ok: false, refusal: lacking };
  const [firstDisk, ...otherDisks] = request.disks.toSorted((a, b) => a.index - b.index);
  if (firstDisk === undefined) return { ok: false, refusal: noDisk };
  return {
    ok: true,
    plan: {
      operation: request.operation,
      osType: formatOsType(definition.name, variant),
      definitionVersion: definition.version,
      definitionDigest: definition.digest,
      runs,
      appliance,
      verifiesFirst: definition.manifest.untrustedScripts.includes("verify"),
      completion: "reported",
      replacesDisk: { index: 0, sizeMib: firstDisk.sizeMib },
      keepsDisks: otherDisks.map(({ index, sizeMib }) => ({ index, sizeMib })),
      retainPreviousSeconds: request.hasPreviousDisk ? request.cluster.diskRetentionSeconds : null,
      timeoutSeconds: request.cluster.installTimeoutSeconds,
      start: request.start,
      steps: definition.manifest.steps,
    },
  };
}

const noDisk: Refusal = { code: "invalid", message: "An install needs a first disk.", field: "disks" };

function refuseVariant(definition: PlannedDefinition, variant: string | null): Refusal | null {
  if (definition.variants.length === 0) {
    return variant === null ? null : { code: "invalid", message: `OS definition ${definition.name} has no variants.`, field: "osType" };
  }
  const known = definition.variants.join(", ");
  if (variant === null) return { code: "invalid", message: `OS definition ${definition.name} needs a variant: ${known}.`, field: "osType" };
  if (definition.variants.includes(variant)) return null;
  return { code: "unknown_object", message: `OS definition ${definition.name} has no variant ${variant}; it has ${known}.`, field: "osType" };
}

/** What keeps everything from being installed with a definition, whatever is asked for and wherever. */
export function refuseDefinition(definition: Pick<PlannedDefinition, "name" | "apiVersions" | "blacklisted" | "manifest">): Refusal | null {
  if (definition.blacklisted) return { code: "conflict", message: `OS definition ${definition.name} is blacklisted: nothing new is installed with it.`, field: "osType" };
  if (!definition.apiVersions.includes(OS_API_VERSION)) {
    return { code: "unsupported", message: `OS definition ${definition.name} is not made for OS API version ${OS_API_VERSION}.`, field: "osType" };
  }
  const { defaultImage, installParameters } = definition.manifest;
  if (defaultImage !== null) return { code: "unsupported", message: `OS definition ${definition.name} begins with a disk image, and this release writes none.`, field: "osType" };
  if (Object.keys(installParameters).length === 0) return null;
  return { code: "unsupported", message: `OS definition ${definition.name} has installation parameters, and this release starts the appliance alone.`, field: "osType" };
}

/** @param hasRoot whether the cluster's appliance has the full userland; null: there is no appliance. */
export function refuseAppliance(definition: string, needed: ApplianceKind | null, hasRoot: boolean | null): Refusal | null {
  if (needed !== "full" || hasRoot !== false) return null;
  return { code: "unsupported", message: `OS definition ${definition} needs the full appliance, and the cluster's has only its small system.`, field: "osType" };
}

function refuseSize({ definition, disks, memoryMib }: PlanRequest): Refusal | null {
  const first = disks.find((disk) => disk.index === 0);
  if (first === undefined) return noDisk;
  const { minimumDiskMib, minimumMemoryMib } = definition.manifest;
  if (first.sizeMib < minimumDiskMib) {
    return { code: "disk_too_small", message: `The first disk has ${first.sizeMib} MiB; OS definition ${definition.name} needs ${minimumDiskMib} MiB.`, field: "disks[0].sizeMib" };
  }
  if (memoryMib < minimumMemoryMib) {
    return { code: "invalid", message: `The instance has ${memoryMib} MiB of memory; OS definition ${definition.name} needs ${minimumMemoryMib} MiB.`, field: "memoryMib" };
  }
  return null;
}

/** Where the create script runs, with who answers for it where that is a host. */
function placeCreate(request: PlanRequest): ScriptPlace[] | Refusal {
  const { name, digest, trusted } = request.definition;
  const placed = placeScript("create", placementFacts(request));
  if (!placed.ok) return { code: placed.code, message: placed.message, field: placed.field };
  return placed.places.flatMap((place): ScriptPlace[] => {
    if (place === "appliance") return [{ place, script: "create", definition: name, digest }];
    // Only what is trusted is placed there.
    return trusted === null ? [] : [{ place, script: "create", definition: name, digest, trustedBy: trusted.by, trustedAt: trusted.at }];
  });
}

function placementFacts({ definition, cluster, nodeRunsHostScripts, safeInstall }: PlanRequest): PlacementFacts {
  const { hostScripts, untrustedScripts } = definition.manifest;
  return { definition: definition.name, hostScripts, untrustedScripts, isTrusted: definition.trusted !== null, clusterAllowsHostScripts: cluster.hostScripts, nodeRunsHostScripts, safeInstall };
}

/**
 * Whether a host still may run what an accepted plan has there, by the facts of this moment: the executor asks right before the
 * order goes out. What was accepted is otherwise kept as it is, also where it would be planned differently by now.
 *
 * @param now of the very version that the plan names.
 * @returns null: it may, or the plan has nothing on a host.
 */
export function refuseHostNow(plan: Pick<InstallPlan, "runs">, now: Omit<PlacementFacts, "safeInstall">): Refusal | null {
  if (!plan.runs.some(({ place }) => place === "host")) return null;
  // A plan with a host half was accepted with either answer; the halves are what they were.
  const placed = placeScript("create", { ...now, safeInstall: true });
  if (placed.ok && placed.places.includes("host")) return null;
  const begin = `OS definition ${now.definition} was to run a script on the host`;
  if (!now.isTrusted) return { code: "not_allowed", message: `${begin}, and isn't trusted any more. Nothing was sent to the node.`, field: "osType" };
  if (!now.clusterAllowsHostScripts) return { code: "not_allowed", message: `${begin}, and the cluster forbids that now. Nothing was sent to the node.`, field: "osType" };
  return { code: "unsupported", message: `${begin}, and the node's agent runs none any more. Nothing was sent to the node.`, field: "osType" };
}

export interface NodeRoom {
  readonly memoryFreeMib: number;
  readonly diskFreeMib: number;
}

/**
 * Why a node has no room, or null. A reinstall fills a new first disk beside the old one; a creation fills all disks.
 * Memory is needed once more only where the instance doesn't have it already.
 */
export function refuseForRoom(node: string, free: NodeRoom, need: { readonly diskMib: number; readonly memoryMib: number }): { readonly code: "no_room"; readonly message: string } | null {
  if (free.diskFreeMib < need.diskMib) return { code: "no_room", message: `Node ${node} has ${free.diskFreeMib} MiB of disk free; ${need.diskMib} MiB are needed.` };
  if (free.memoryFreeMib < need.memoryMib) return { code: "no_room", message: `Node ${node} has ${free.memoryFreeMib} MiB of memory free; ${need.memoryMib} MiB are needed.` };
  return null;
}
