import type { RequestContext } from "#lib/context/context.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { findCarriedImage } from "./carried-image.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readDefinitionArchive } from "./read-definition-archive.ts";
import { requireUpload } from "./require-upload.ts";
import { storeVersion } from "./store-version.ts";

export interface UploadInput {
  readonly name: string;
  /** A tar, as it is or compressed with gzip or zstd. */
  readonly archive: Uint8Array;
}

/**
 * Takes an archive in as a definition's version; nothing in it runs. Under a new name the caller owns the definition; what an
 * administrator uploads is the cluster's own. The same content again changes nothing.
 *
 * @throws SlipwayError `invalid` with the file in which the problem is, `exists`, `not_allowed`, `too_large`, `unknown_object` (image)
 */
export async function uploadOsDefinition(ctx: RequestContext, { name, archive }: UploadInput, signal?: AbortSignal): Promise<OsDefinitionDetail> {
  await requireUpload(ctx, name);
  const parsed = await readDefinitionArchive(archive, signal);
  const image = await findCarriedImage(ctx, parsed.manifest);
  await storeVersion(ctx, { name, parsed, image, operation: "os.upload", source: "upload" });
  return getOsDefinition(ctx, name);
}
