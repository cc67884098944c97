import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Of an image's manifest.json, as os-definitions/README.md has it. */
const imageManifestSchema = z.object({
  image: z.object({ file: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
});

/** What a definition's `build-image` has made: a folder with the image and its manifest.json. @throws SlipwayError `invalid`, field `image` */
export async function readImageFolder(directory: string): Promise<{ readonly file: string; readonly digest: string }> {
  try {
    const manifest = imageManifestSchema.parse(JSON.parse(await readFile(path.join(directory, "manifest.json"), "utf8")));
    return { file: path.join(directory, manifest.image.file), digest: manifest.image.sha256 };
  } catch (cause) {
    throw new SlipwayError("invalid", "The image's folder has no manifest.json that can be read and names the image.", { field: "image", cause });
  }
}
