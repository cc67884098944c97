import path from "node:path";
import { requireAccess } from "#lib/access/require.ts";
import { importBlobFile } from "#lib/blobs/blob-files.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { findCarriedImage } from "./carried-image.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readDefinitionDirectory } from "./read-definition-directory.ts";
import { requireRegistration } from "./require-upload.ts";
import { storeVersion } from "./store-version.ts";

export interface RegisterOsDefinitionInput {
  /** Absolute. Its last part is the definition's name. */
  readonly directory: string;
  /** The read-only image that the definition carries: a file of this machine, and its sha256. */
  readonly image?: { readonly file: string; readonly digest: string };
  /** Absolute folders in which links may end, beside the definition's own: `/etc/ganeti`, say. */
  readonly roots?: readonly string[];
}

/**
 * Takes an OS definition in from a folder of this machine, at set-up. The same content again changes nothing; another content is a
 * new version, which nobody has trusted yet, unless an administrator said that this definition's updates are.
 *
 * @throws SlipwayError `invalid` with the file in which the problem is, `too_large`, `exists` where a user has a definition of that name, `conflict` where the image isn't the one that slipway.json names
 */
export async function registerOsDefinition(ctx: RequestContext, input: RegisterOsDefinitionInput): Promise<OsDefinitionDetail> {
  const directory = path.resolve(input.directory);
  const name = path.basename(directory);
  await requireAccess(ctx, "os.register", { kind: "os", name, ownerId: null });
  if (!DEFINITION_NAME.test(name)) throw new SlipwayError("invalid", "The folder's name can't be an OS definition's: letters, digits, - . _ only.", { field: "directory" });
  await requireRegistration(ctx, name);
  const parsed = await readDefinitionDirectory(directory, { roots: input.roots ?? [] });
  const { carriedImage } = parsed.manifest;
  if (input.image !== undefined && carriedImage !== null && carriedImage !== input.image.digest) {
    throw new SlipwayError("conflict", "slipway.json: carriedImage is another image than the one that is registered with it.", { field: "carriedImage" });
  }
  const image = input.image === undefined ? await findCarriedImage(ctx, parsed.manifest) : await importBlobFile(ctx.services.config.paths.blobs, input.image.file, input.image.digest);
  await storeVersion(ctx, { name, parsed, image, operation: "os.register", owner: null, source: "folder" });
  return getOsDefinition(ctx, name);
}
