/**
 * What an instance is installed from beside an OS definition: disk image, install medium, personalization package (design: install,
 * "What a request can combine"). Stored with the instance and used again at reinstall; no user name, password or value of a parameter
 * is part of it.
 */
import { z } from "zod";
import { locationProblem } from "./image-location.ts";
import { installationParameterProblem } from "./installation-parameters.ts";
import { defaultImageSchema } from "./os-definition.ts";

/** sha256 or sha512, lower-case hex. */
export const checksumSchema = z.union([z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }), z.strictObject({ sha512: z.string().regex(/^[0-9a-f]{128}$/) })]);
export type Checksum = z.infer<typeof checksumSchema>;

/** A disk image that is dumped to the first disk before anything runs. */
export const diskImageSchema = z.strictObject({
  ...defaultImageSchema.shape,
  /** Of what is written to the disk, from its first byte to the image's virtual size; null: not given. It is compared with what was read all the same. */
  contentChecksum: checksumSchema.nullable().default(null),
});
export type DiskImage = z.infer<typeof diskImageSchema>;

/** An archive of files that are laid over the installed filesystem. Its name says its form. */
export const packageSourceSchema = z.strictObject({
  /** `http(s)://….tar.gz` or `….tgz`; a query may follow. */
  url: z.string().min(1).max(2_048),
  /** Of the archive; null: what lies there may have changed. */
  checksum: checksumSchema.nullable().default(null),
  /** It was fetched with a user name and password, which are asked for again: they are never stored. */
  needsCredentials: z.boolean().default(false),
});
export type PackageSource = z.infer<typeof packageSourceSchema>;

/** Installation parameters by Ganeti's names (lib/domain/installation-parameters.ts). */
export const mediumSchema = z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().max(2_048));
export type Medium = z.infer<typeof mediumSchema>;

export const installSourceSchema = z.strictObject({
  image: diskImageSchema.nullable().default(null),
  /** Empty: no medium. */
  medium: mediumSchema.default({}),
  package: packageSourceSchema.nullable().default(null),
  /** For an image without scripts: whether it configures itself at its first boot and says so. */
  confirmsFirstBoot: z.boolean().default(false),
});
export type InstallSource = z.infer<typeof installSourceSchema>;

export const NO_SOURCE: InstallSource = { image: null, medium: {}, package: null, confirmsFirstBoot: false };

/** What is wrong with a package's address, as the end of a sentence; null: nothing. */
export function packageUrlProblem(url: string): string | null {
  if (url.startsWith("/")) return "must be an http or https address";
  const problem = locationProblem(url);
  if (problem !== null) return problem;
  return /\.(tar\.gz|tgz)$/i.test(new URL(url).pathname) ? null : "must end in .tar.gz or .tgz, which says what the archive is";
}

/** What is wrong with where things lie, with the field; null: nothing. */
export function installSourceProblem({ image, medium, package: archive }: Pick<InstallSource, "image" | "medium" | "package">): { readonly field: string; readonly problem: string } | null {
  const location = image === null ? null : locationProblem(image.location);
  if (location !== null) return { field: "image.location", problem: location };
  for (const [name, value] of Object.entries(medium)) {
    const problem = installationParameterProblem(name, value);
    if (problem !== null) return { field: `installParameters.${name}`, problem };
  }
  const url = archive === null ? null : packageUrlProblem(archive.url);
  return url === null ? null : { field: "package.url", problem: url };
}
