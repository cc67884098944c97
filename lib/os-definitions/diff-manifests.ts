import { isDeepStrictEqual } from "node:util";
import type { OsManifest } from "#lib/domain/os-definition.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { ParameterDiff, VersionDiff } from "#lib/domain/os-definition-views.ts";

/** What is different between two manifests' parameters, by name. */
export function diffParameters(from: OsManifest, to: OsManifest): ParameterDiff[] {
  const old = new Map(from.parameters.map((parameter) => [parameter.name, parameter]));
  const fresh = new Map(to.parameters.map((parameter) => [parameter.name, parameter]));
  const names = [...new Set([...old.keys(), ...fresh.keys()])].toSorted();
  return names.flatMap((name): ParameterDiff[] => {
    const [before, after] = [old.get(name) ?? null, fresh.get(name) ?? null];
    if (before === null) return [{ name, change: "added", before, after }];
    if (after === null) return [{ name, change: "removed", before, after }];
    return isDeepStrictEqual(before, after) ? [] : [{ name, change: "changed", before, after }];
  });
}

export function diffVariants(from: readonly string[], to: readonly string[]): VersionDiff["variants"] {
  return { added: to.filter((variant) => !from.includes(variant)), removed: from.filter((variant) => !to.includes(variant)) };
}

/** Names of the other members that differ. */
export function diffMembers(from: OsManifest, to: OsManifest): string[] {
  return osManifestSchema.keyof().options.filter((member) => member !== "parameters" && !isDeepStrictEqual(from[member], to[member]));
}
