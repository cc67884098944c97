import { requireSight } from "#lib/access/require.ts";
import type { StoredBlob } from "#lib/blobs/blob-files.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { OsManifest } from "#lib/domain/os-definition.ts";

/**
 * The image that a definition names by its digest: one that a version which the caller sees has already. Images come in by an
 * administrator; whoever writes a definition can use them and not bring their own.
 *
 * @throws SlipwayError `unknown_object`, field `carriedImage`
 */
export async function findCarriedImage(ctx: RequestContext, { carriedImage: digest }: OsManifest): Promise<StoredBlob | null> {
  if (digest === null) return null;
  const definition = await requireSight(ctx, "os.read");
  const version = await ctx.services.db.osDefinitionVersion.findFirst({ where: { imageDigest: digest, definition }, select: { image: { select: { digest: true, sizeBytes: true } } } });
  const image = version?.image ?? null;
  if (image === null) throw new SlipwayError("unknown_object", "slipway.json: carriedImage isn't the image of an OS definition that is here.", { field: "carriedImage" });
  return { digest: image.digest, sizeBytes: Number(image.sizeBytes) };
}
