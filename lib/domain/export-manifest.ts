/**
 * What an export says of itself: as much as another node needs to make the instance again (design: install, "Other operations"; visibility,
 * row "exports and receipts": the name and keyed fingerprint of a private value, the name of a secret one). Never a private value.
 */
import { z } from "zod";
import { DATASOURCES } from "./instance.ts";
import { ownSourceSchema } from "./own-source.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const parameterSchema = z.discriminatedUnion("visibility", [
  z.strictObject({ name: z.string(), visibility: z.literal("public"), value: z.string() }),
  z.strictObject({ name: z.string(), visibility: z.literal("private"), fingerprint: z.string().nullable() }),
  z.strictObject({ name: z.string(), visibility: z.literal("secret") }),
]);

export const exportManifestSchema = z.strictObject({
  format: z.literal("slipway-export/1"),
  instance: z.strictObject({
    id: z.uuid(),
    name: z.string(),
    vcpus: z.number().int(),
    memoryMib: z.number().int(),
    tags: z.array(z.string()),
    communication: z.boolean(),
    datasource: z.enum(DATASOURCES),
    sshKeys: z.array(z.string()),
    disks: z.array(z.strictObject({ index: z.number().int(), sizeMib: z.number().int(), name: z.string().nullable() })),
    /** How each was connected; an import makes new MACs and takes new addresses. */
    nics: z.array(z.strictObject({ index: z.number().int(), mode: z.string(), link: z.string().nullable(), name: z.string().nullable(), network: z.string().nullable(), forwards: z.array(z.number().int()) })),
  }),
  /** Whose scripts wrote the files; an import runs those of the same definition, in whatever version is current then. */
  os: z.strictObject({ osType: z.string(), version: z.number().int(), digest }),
  /** For a reinstall of what is imported: what was asked for beside the definition. */
  source: ownSourceSchema,
  parameters: z.array(parameterSchema),
  /** Of the first disk, and of each other one. */
  files: z.array(z.strictObject({ index: z.number().int(), name: z.string(), sha256: digest, bytes: z.number().int() })),
});
export type ExportManifest = z.infer<typeof exportManifestSchema>;
export type ExportedParameter = ExportManifest["parameters"][number];
