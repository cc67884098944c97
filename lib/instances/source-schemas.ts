/** The parts of a request that say what is installed from (design: install, "What a request can combine"). */
import { z } from "zod";
import { locationProblem } from "#lib/domain/image-location.ts";
import { installationParameterProblem } from "#lib/domain/installation-parameters.ts";
import { checksumSchema, packageUrlProblem } from "#lib/domain/install-source.ts";
import type { PackageSource } from "#lib/domain/install-source.ts";
import { sealedText } from "#lib/domain/parameter-values.ts";
import type { Secret } from "#lib/domain/visibility.ts";
import { secretValue } from "#lib/domain/visibility.ts";

/** A text with which something may be wrong, said as the end of a sentence. */
function checked(length: number, problemOf: (text: string) => string | null) {
  return z
    .string()
    .min(1)
    .max(length)
    .superRefine((text, issues) => {
      const problem = problemOf(text);
      if (problem !== null) issues.addIssue({ code: "custom", message: problem });
    });
}

/** A disk image that is written to the first disk before anything runs. */
export const imageInputSchema = z.strictObject({
  /** `http(s)://…`, or an absolute path on the node, in a folder that its administrator lists. */
  location: checked(2_048, locationProblem),
  /** Declared, never guessed from what the file says of itself. */
  format: z.enum(["raw", "qcow2"]),
  compression: z.enum(["none", "gzip", "xz", "zstd"]).default("none"),
  /** Of the file as it is downloaded. */
  checksum: checksumSchema.nullable().default(null),
  /** Of what is written to the disk. */
  contentChecksum: checksumSchema.nullable().default(null),
});

/** Installation parameters by Ganeti's names. */
export const installParametersInputSchema = z.record(z.string().max(64), z.string().min(1).max(2_048)).superRefine((given, issues) => {
  for (const [name, value] of Object.entries(given)) {
    const problem = installationParameterProblem(name, value);
    if (problem !== null) issues.addIssue({ code: "custom", message: problem, path: [name] });
  }
});

/** Basic authentication has no control characters, and no colon in a name. */
const printable = (text: string): boolean => !/[\u0000-\u001f\u007f]/.test(text);
const UNPRINTABLE = "must not hold control characters";

/** A package of files that are laid over the installed system. User name and password are secrets: sealed from here on, and never stored. */
export const packageInputSchema = z
  .strictObject({
    url: checked(2_048, packageUrlProblem),
    checksum: checksumSchema.nullable().default(null),
    username: sealedText
      .refine((text) => text.length >= 1 && text.length <= 255, "must have 1 to 255 characters")
      .refine(printable, UNPRINTABLE)
      .refine((text) => !text.includes(":"), "must not hold a colon")
      .transform((text) => secretValue(text))
      .optional(),
    password: sealedText
      .refine((text) => text.length >= 1 && text.length <= 512, "must have 1 to 512 characters")
      .refine(printable, UNPRINTABLE)
      .transform((text) => secretValue(text))
      .optional(),
  })
  .superRefine(({ username, password }, issues) => {
    if ((username === undefined) === (password === undefined)) return;
    issues.addIssue({ code: "custom", message: "is needed with the other: a package has both user name and password, or none", path: [username === undefined ? "username" : "password"] });
  });
export type PackageInput = z.output<typeof packageInputSchema>;

/** Left out: as it is stored, otherwise as the definition has it. Null: none. */
export const SOURCE_FIELDS = {
  image: imageInputSchema.nullable().optional(),
  installParameters: installParametersInputSchema.nullable().optional(),
  package: packageInputSchema.nullable().optional(),
  /** For an image without scripts: it configures itself at its first boot and says so. With scripts these report. */
  confirmsFirstBoot: z.boolean().optional(),
} as const;

/** What a reinstall alone can say. */
export const DISK_FIELDS = {
  /** The first disk itself may be written to, where there is no room for a new one beside it: what is on it is lost once that has begun. */
  inPlace: z.boolean().optional(),
  /** Data disks that are made anew too, by index. Left out: none. */
  replaceDataDisks: z
    .array(z.number().int().min(1).max(15))
    .max(15)
    .refine((indexes) => new Set(indexes).size === indexes.length, "must have each disk once")
    .optional(),
} as const;

/** A package as it is stored. */
export function packageSource({ url, checksum, username }: PackageInput): PackageSource {
  return { url, checksum, needsCredentials: username !== undefined };
}

export interface PackageCredentials {
  readonly username: Secret<string>;
  readonly password: Secret<string>;
}

/** What was sent to fetch it with; null: nothing. */
export function packageCredentials(input: PackageInput | null | undefined): PackageCredentials | null {
  const { username, password } = input ?? {};
  return username === undefined || password === undefined ? null : { username, password };
}
