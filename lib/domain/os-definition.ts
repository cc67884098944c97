import { z } from "zod";
import { PARAMETER_NAME } from "./parameters.ts";
import { VISIBILITIES } from "./visibility.ts";

/** What an OS definition declares of one parameter. */
export const parameterDeclarationSchema = z.strictObject({
  name: z.string().regex(PARAMETER_NAME, "must be letters, digits, - and _, a letter first, at most 64"),
  visibility: z.enum(VISIBILITIES),
  type: z.enum(["string", "text", "password", "boolean", "integer", "choice"]),
  required: z.boolean(),
  /** Only a public parameter has one: a default stands in the definition for everybody to read. */
  default: z.string().max(65_536).nullable(),
  /** An ECMAScript regular expression that the whole value must match. */
  pattern: z.string().max(500).nullable(),
  choices: z.array(z.string().max(256)).max(64),
  help: z.string().max(2_000),
});
export type ParameterDeclaration = z.infer<typeof parameterDeclarationSchema>;

/** A step that the definition's script will report, known beforehand so that it can be shown before it begins. */
export const expectedStepSchema = z.strictObject({
  id: z.string().min(1).max(64),
  label: z.string().min(1).max(120),
  /** Share of the whole, relative to the other steps. */
  weight: z.number().positive().max(1_000),
});
export type ExpectedStep = z.infer<typeof expectedStepSchema>;

/** A disk image that is dumped to the first disk before anything runs (design: install, `os_image`). */
export const defaultImageSchema = z.strictObject({
  /** `https://…`, or an absolute path on the node; no user name or password in it. */
  location: z.string().min(1).max(2_048),
  /** Declared, never guessed from what the file says of itself. */
  format: z.enum(["raw", "qcow2"]),
  compression: z.enum(["none", "gzip", "xz", "zstd"]),
  /** Of the file as it is downloaded, lower-case hex; null: not checked. */
  checksum: z.union([z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }), z.strictObject({ sha512: z.string().regex(/^[0-9a-f]{128}$/) })]).nullable(),
});
export type DefaultImage = z.infer<typeof defaultImageSchema>;

/** The system in which the untrusted half runs: a few programs that start quickly, or a whole Debian userland beside it. */
export const APPLIANCE_KINDS = ["small", "full"] as const;
export type ApplianceKind = (typeof APPLIANCE_KINDS)[number];

/** How a definition's own read-only image is given to its scripts: as a block device, or laid over the appliance's root. */
export const IMAGE_USES = ["device", "layer"] as const;
export type ImageUse = (typeof IMAGE_USES)[number];

/** Everything that Slipway knows of one version of a definition beside its files. Stored as JSON. */
export const osManifestSchema = z.strictObject({
  title: z.string().max(120),
  description: z.string().max(2_000),
  parameters: z.array(parameterDeclarationSchema).max(256),
  steps: z.array(expectedStepSchema).max(64),
  minimumDiskMib: z.number().int().min(0),
  minimumMemoryMib: z.number().int().min(0),
  /** Seen on the serial console once the installed system has booted; null: nothing to wait for. */
  bootMarker: z.string().max(200).nullable(),
  /** Names of the scripts of each half: create, import, export, rename, verify. */
  hostScripts: z.array(z.string().max(64)).max(16),
  untrustedScripts: z.array(z.string().max(64)).max(16),
  /** Definitions written for Ganeti expect a whole system around them, so that is what they get unless they say otherwise. */
  appliance: z.enum(APPLIANCE_KINDS).default("full"),
  imageUse: z.enum(IMAGE_USES).default("device"),
  /** sha256 of the read-only image that the definition asks for by its content, as one that the cluster has already; null: none. */
  carriedImage: z.string().regex(/^[0-9a-f]{64}$/).nullable().default(null),
  /** Used where a request names no image of its own; null: none. */
  defaultImage: defaultImageSchema.nullable().default(null),
  /** Installation parameters for installs and reinstalls, by Ganeti's names: `boot_order`, `cdrom_image_path` … A request overrides them. */
  installParameters: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().max(2_048)).default({}),
});
export type OsManifest = z.infer<typeof osManifestSchema>;

/** `name+variant`, as Ganeti writes it; the name alone where a definition has no variants. */
export function formatOsType(name: string, variant: string | null): string {
  return variant === null ? name : `${name}+${variant}`;
}

/** Splits `name+variant`. An empty variant is none. */
export function parseOsType(osType: string): { name: string; variant: string | null } {
  const plus = osType.indexOf("+");
  if (plus < 0) return { name: osType, variant: null };
  const variant = osType.slice(plus + 1);
  return { name: osType.slice(0, plus), variant: variant === "" ? null : variant };
}
