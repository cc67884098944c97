import type { RequestContext } from "#lib/context/context.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { findCarriedImage } from "./carried-image.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readDefinitionArchive } from "./read-definition-archive.ts";
import { refuseOthers, requireUpload } from "./require-upload.ts";
import { storeVersion } from "./store-version.ts";

export interface UploadInput {
  readonly name: string;
  /** A tar, as it is or compressed with gzip or zstd. */
  readonly archive: Uint8Array;
}

export interface RegisterUploadInput extends UploadInput {
  /** Whose definition it is: an administrator names the owner of one that isn't the cluster's own. */
  readonly owner?: string | undefined;
}

/**
 * Takes an archive in as a definition's version; nothing in it runs. Under a new name the caller owns the definition; what an
 * administrator uploads is the cluster's own, or a version of the definition of whom they name. The same content again changes nothing.
 *
 * @throws SlipwayError `invalid` with the file in which the problem is, `exists`, `conflict`, `not_allowed`, `too_large`, `unknown_object` (image)
 */
export async function uploadOsDefinition(ctx: RequestContext, { name, archive, owner }: RegisterUploadInput, signal?: AbortSignal): Promise<OsDefinitionDetail> {
  const incoming = { operation: "os.upload", owner: owner ?? null } as const;
  const definition = await requireUpload(ctx, name);
  if (definition !== null) refuseOthers(ctx, definition, incoming);
  const parsed = await readDefinitionArchive(archive, signal);
  const image = await findCarriedImage(ctx, parsed.manifest);
  await storeVersion(ctx, { ...incoming, name, parsed, image, source: "upload" });
  return getOsDefinition(ctx, name);
}
