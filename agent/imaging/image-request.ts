import type { InstallFacts } from "#lib/agent-protocol/messages.ts";
import type { DiskImage } from "#lib/domain/install-source.ts";
import type { SourcePolicy } from "../sources/source-policy.ts";
import type { ImageCache } from "./image-cache.ts";

/** What is to be written, and where. */
export interface ImageRequest {
  readonly image: DiskImage;
  /** The disk's raw file, which is there and `sizeMib` MiB large. What is in it is gone with the first byte: it is made one hole. */
  readonly file: string;
  readonly sizeMib: number;
  readonly policy: SourcePolicy;
  /** For what can't be streamed (qcow2). On the node's own disk, the agent's alone; nothing is left in it. */
  readonly spoolFolder: string;
  readonly cache: ImageCache;
  readonly signal: AbortSignal;
  /** Called once, when everything that can be known before has been looked at; nothing is written to the disk until it resolves. */
  readonly beforeWrite?: () => Promise<void>;
  /** `fraction` 0 to 1 of the whole, `bytes` that have been fetched so far. A few times a second. */
  readonly onProgress: (fraction: number, bytes: number) => void;
}

export type WrittenImage = NonNullable<InstallFacts["image"]>;

/** An image that is looked at before it is written. */
export type ImageCheck = Pick<ImageRequest, "image" | "sizeMib" | "policy" | "cache" | "signal">;

/** What is known of an image before a byte of it is written: size of the file and of the disk in it; null: nobody says. */
export interface ImageSize {
  readonly bytes: number | null;
  readonly virtualBytes: number | null;
}
