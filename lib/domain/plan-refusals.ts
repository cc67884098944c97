/** What keeps an install from being planned, each rule by itself (design: install, "What a request can combine"). */
import type { ErrorCode } from "./errors.ts";
import type { InstallOperation } from "./install-plan.ts";
import type { InstallSource } from "./install-source.ts";
import { installSourceProblem } from "./install-source.ts";
import type { ApplianceKind, OsManifest } from "./os-definition.ts";

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

export interface PlannedDisk {
  readonly index: number;
  readonly sizeMib: number;
}

/** The cluster's appliance. */
export interface PlannedAppliance {
  /** Whether it has the full userland beside its small system. */
  readonly hasRoot: boolean;
  /** appliance/README.md; 1: it runs `create` and `verify` and nothing else. */
  readonly contract: number;
}

export interface Refusal {
  readonly code: Extract<ErrorCode, "invalid" | "unknown_object" | "unsupported" | "disk_too_small" | "conflict" | "not_allowed">;
  readonly message: string;
  readonly field: string | null;
}

export const NO_DISK: Refusal = { code: "invalid", message: "An install needs a first disk.", field: "disks" };

/** Contract from which an appliance does more than `create` and `verify`. */
const CONTRACT_OF_OTHERS = 2;

/** Operations that put a system on the disk; the others work on the one that is there, with the scripts it was installed with. */
export function installsAnew(operation: InstallOperation): operation is "create" | "reinstall" | "import" {
  return operation === "create" || operation === "reinstall" || operation === "import";
}

/** An install has to have something to install from, and what was given must be an address or a path. */
export function refuseSource(operation: InstallOperation, definition: PlannedDefinition | null, source: InstallSource): Refusal | null {
  const problem = installSourceProblem(source);
  if (problem !== null) return { code: "invalid", message: `${problem.field} ${problem.problem}.`, field: problem.field };
  if (definition !== null) return null;
  if (operation !== "create" && operation !== "reinstall") return { code: "unsupported", message: `The instance has no OS definition, whose ${operation} script would be needed.`, field: "osType" };
  if (source.image !== null || Object.keys(source.medium).length > 0) return null;
  const beside = source.package === null ? "" : " A package is laid over what one of these installs.";
  return { code: "invalid", message: `An install needs an OS definition, a disk image or an install medium.${beside}`, field: "osType" };
}

export function refuseVariant(definition: PlannedDefinition, variant: string | null): Refusal | null {
  if (definition.variants.length === 0) {
    return variant === null ? null : { code: "invalid", message: `OS definition ${definition.name} has no variants.`, field: "osType" };
  }
  const known = definition.variants.join(", ");
  if (variant === null) return { code: "invalid", message: `OS definition ${definition.name} needs a variant: ${known}.`, field: "osType" };
  if (definition.variants.includes(variant)) return null;
  return { code: "unknown_object", message: `OS definition ${definition.name} has no variant ${variant}; it has ${known}.`, field: "osType" };
}

/** What keeps everything from being installed with a definition, whatever is asked for and wherever. */
export function refuseDefinition(definition: Pick<PlannedDefinition, "name" | "apiVersions" | "blacklisted">): Refusal | null {
  if (definition.blacklisted) return { code: "conflict", message: `OS definition ${definition.name} is blacklisted: nothing new is installed with it.`, field: "osType" };
  return refuseApi(definition);
}

export function refuseApi({ name, apiVersions }: Pick<PlannedDefinition, "name" | "apiVersions">): Refusal | null {
  if (apiVersions.includes(OS_API_VERSION)) return null;
  return { code: "unsupported", message: `OS definition ${name} is not made for OS API version ${OS_API_VERSION}.`, field: "osType" };
}

/** @param hasRoot whether the cluster's appliance has the full userland; null: there is no appliance. */
export function refuseAppliance(definition: string, needed: ApplianceKind | null, hasRoot: boolean | null): Refusal | null {
  if (needed !== "full" || hasRoot !== false) return null;
  return { code: "unsupported", message: `OS definition ${definition} needs the full appliance, and the cluster's has only its small system.`, field: "osType" };
}

/** An appliance of an earlier contract creates and verifies. @param appliance null: there is none, which is said for itself */
export function refuseContract(appliance: PlannedAppliance | null, script: string | null): Refusal | null {
  if (appliance === null || appliance.contract >= CONTRACT_OF_OTHERS || script === null || script === "create" || script === "verify") return null;
  return { code: "unsupported", message: `The cluster's appliance is of contract ${appliance.contract} and can't ${script}; register one of contract ${CONTRACT_OF_OTHERS}.`, field: script === "personalize" ? "package" : "osType" };
}

/** A package is laid over the system by a run of its own in the full userland. */
export function refusePackage(appliance: PlannedAppliance | null): Refusal | null {
  const contract = refuseContract(appliance, "personalize");
  if (contract !== null || appliance === null || appliance.hasRoot) return contract;
  return { code: "unsupported", message: "A package is laid over the system in the full appliance, and the cluster's has only its small system.", field: "package" };
}

export function refuseSize(definition: PlannedDefinition | null, first: PlannedDisk, memoryMib: number): Refusal | null {
  if (definition === null) return null;
  const { minimumDiskMib, minimumMemoryMib } = definition.manifest;
  if (first.sizeMib < minimumDiskMib) {
    return { code: "disk_too_small", message: `The first disk has ${first.sizeMib} MiB; OS definition ${definition.name} needs ${minimumDiskMib} MiB.`, field: "disks[0].sizeMib" };
  }
  if (memoryMib < minimumMemoryMib) {
    return { code: "invalid", message: `The instance has ${memoryMib} MiB of memory; OS definition ${definition.name} needs ${minimumMemoryMib} MiB.`, field: "memoryMib" };
  }
  return null;
}

/** Data disks that are named to be made anew. Only a reinstall names some: at a creation all are new. */
export function refuseDataDisks(operation: InstallOperation, named: readonly number[], disks: readonly PlannedDisk[], inPlace: boolean): Refusal | null {
  if (named.length === 0) return null;
  const field = "replaceDataDisks";
  if (operation !== "reinstall") return { code: "invalid", message: `${field} is for a reinstall.`, field };
  if (named.includes(0)) return { code: "invalid", message: `${field} names data disks; disk 0 is the first one, which is made anew in any case.`, field };
  const unknown = named.find((index) => !disks.some((disk) => disk.index === index));
  if (unknown !== undefined) return { code: "invalid", message: `${field} names disk ${unknown}, and the instance has none of that number.`, field };
  return inPlace ? { code: "invalid", message: `${field} can't go with inPlace: new data disks need room beside the old ones.`, field } : null;
}
