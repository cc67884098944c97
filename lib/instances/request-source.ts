import type { PublicFacts } from "#lib/audit/append-audit.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { InstallSource } from "#lib/domain/install-source.ts";
import type { OwnSource } from "#lib/domain/own-source.ts";
import { mergeSource, resolveSource } from "#lib/domain/own-source.ts";
import type { FoundDefinition } from "./find-definition.ts";
import { readOwnSource } from "./instance-source.ts";
import type { PackageCredentials, PackageInput } from "./source-schemas.ts";
import { packageCredentials, packageSource } from "./source-schemas.ts";
import type { CreateInstanceInput } from "./schemas.ts";

/** The parts of a request that say what is installed from. */
export type SourceInput = Pick<CreateInstanceInput, "image" | "installParameters" | "confirmsFirstBoot"> & { readonly package?: PackageInput | null | undefined };

export interface RequestSource {
  /** What is stored with the instance: asked for now or before. */
  readonly own: OwnSource;
  /** What this install is made from. */
  readonly source: InstallSource;
  readonly credentials: PackageCredentials | null;
}

/** @param stored an instance's row has it; `{}` before its first install. */
export function requestSource(stored: unknown, input: SourceInput, definition: FoundDefinition | null): RequestSource {
  const { image, installParameters, confirmsFirstBoot } = input;
  const archive = input.package === undefined || input.package === null ? input.package : packageSource(input.package);
  const own = mergeSource(readOwnSource(stored), { image, installParameters, package: archive, confirmsFirstBoot });
  return { own, source: resolveSource(own, definition?.planned.manifest ?? null), credentials: packageCredentials(input.package) };
}

/** What the audit log says of it: all of it is public. */
export function sourceFacts({ osType, image, medium, package: archive, inPlace }: Pick<InstallPlan, "osType" | "image" | "medium" | "package" | "inPlace">): PublicFacts {
  return {
    osType,
    ...(image === null ? {} : { image: image.location }),
    ...(Object.keys(medium).length === 0 ? {} : { installParameters: Object.keys(medium) }),
    ...(archive === null ? {} : { package: archive.url }),
    ...(inPlace ? { inPlace } : {}),
  };
}
