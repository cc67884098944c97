/**
 * Image, medium and package as they were asked for, over what a definition gives (design: install, "A definition may name a default
 * image and default installation parameters, which a request overrides"). Only what was asked for is the instance's own and is
 * stored: at its next install, and with another definition, the defaults of then count.
 */
import { z } from "zod";
import type { DiskImage, InstallSource, Medium, PackageSource } from "./install-source.ts";
import { diskImageSchema, mediumSchema, packageSourceSchema } from "./install-source.ts";
import type { OsManifest } from "./os-definition.ts";

/** Left out: nothing was said of it. Null, and an empty medium: none, whatever the definition has. */
export const ownSourceSchema = z.strictObject({
  image: diskImageSchema.nullable().optional(),
  medium: mediumSchema.optional(),
  package: packageSourceSchema.nullable().optional(),
  confirmsFirstBoot: z.boolean().optional(),
});
export type OwnSource = z.infer<typeof ownSourceSchema>;

/** What a request says of it; the same shape, the medium null for none. */
export interface SentSource {
  readonly image?: DiskImage | null | undefined;
  readonly installParameters?: Medium | null | undefined;
  readonly package?: PackageSource | null | undefined;
  readonly confirmsFirstBoot?: boolean | undefined;
}

/** What is asked for once a request has said what changes. */
export function mergeSource(stored: OwnSource, sent: SentSource): OwnSource {
  const image = sent.image === undefined ? stored.image : sent.image;
  const medium = sent.installParameters === undefined ? stored.medium : (sent.installParameters ?? {});
  const archive = sent.package === undefined ? stored.package : sent.package;
  const confirmsFirstBoot = sent.confirmsFirstBoot ?? stored.confirmsFirstBoot;
  return {
    ...(image === undefined ? {} : { image }),
    ...(medium === undefined ? {} : { medium }),
    ...(archive === undefined ? {} : { package: archive }),
    ...(confirmsFirstBoot === undefined ? {} : { confirmsFirstBoot }),
  };
}

/** What an install is made from: what is asked for, and otherwise what the definition gives. */
export function resolveSource(own: OwnSource, manifest: Pick<OsManifest, "defaultImage" | "installParameters"> | null): InstallSource {
  const standing = manifest === null || manifest.defaultImage === null ? null : { ...manifest.defaultImage, contentChecksum: null };
  return {
    image: own.image === undefined ? standing : own.image,
    medium: own.medium ?? manifest?.installParameters ?? {},
    package: own.package ?? null,
    confirmsFirstBoot: own.confirmsFirstBoot ?? false,
  };
}
