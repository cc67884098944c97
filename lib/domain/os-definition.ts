import { z } from "zod";
import { PARAMETER_NAME } from "./parameters.ts";
import { VISIBILITIES } from "./visibility.ts";

/** What an OS definition declares of one parameter. */
export const parameterDeclarationSchema = z.strictObject({
  name: z.string().regex(PARAMETER_NAME),
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
