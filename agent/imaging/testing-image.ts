import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DiskImage, diskImageSchema } from "#lib/domain/install-source.ts";
import { ImageCache } from "./image-cache.ts";
import type { ImageRequest } from "./image-request.ts";

const MIB = 1_048_576;

/** The content of a disk: data, a hole of more than a block, data, and an end at no block's edge. */
export function makeContent(): Buffer {
  return Buffer.concat([randomBytes(MIB + 300_000), Buffer.alloc(2 * MIB), randomBytes(700_001)]);
}

export const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
export const sha512 = (content: Buffer): string => createHash("sha512").update(content).digest("hex");

export interface ImagePlace {
  readonly root: string;
  /** An empty disk of so many MiB. */
  readonly disk: string;
  readonly spoolFolder: string;
  /** What `writeImage` takes, but for the image. */
  request(image: Partial<DiskImage> & Pick<DiskImage, "location">, more?: Partial<ImageRequest>): Promise<ImageRequest>;
  remove(): Promise<void>;
}

export const DISK_MIB = 8;

/** A folder with a disk and what writing to it needs. Its `images/` is a folder that the node lists; loopback is allowed. */
export async function makeImagePlace(parent = tmpdir()): Promise<ImagePlace> {
  const root = await mkdtemp(join(parent, "slipway-image-"));
  const disk = join(root, "disk-0.new");
  const spoolFolder = join(root, "spool");
  for (const folder of ["spool", "images"]) await mkdir(join(root, folder));
  const handle = await open(disk, "wx");
  await handle.truncate(DISK_MIB * MIB);
  await handle.close();
  return {
    root,
    disk,
    spoolFolder,
    request: async (image, more = {}) => ({
      image: diskImageSchema.parse({ format: "raw", compression: "none", checksum: null, ...image }),
      file: disk,
      sizeMib: DISK_MIB,
      policy: { allowPrivate: ["127.0.0.1"], folders: [join(root, "images")] },
      spoolFolder,
      cache: await ImageCache.open(join(root, "cache"), 64),
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...more,
    }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
