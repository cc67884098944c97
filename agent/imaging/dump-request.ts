import type { DiskImage } from "#lib/domain/install-source.ts";
import type { TakenDigests } from "../sources/checksum.ts";
import type { SourceStream } from "../sources/download.ts";
import type { SourcePolicy } from "../sources/source-policy.ts";
import type { CacheDraft } from "./image-cache.ts";
import type { Passing } from "./image-source.ts";

/** An image that is to be written, as the thread that does it is told. */
export interface DumpRequest {
  readonly image: DiskImage;
  readonly file: string;
  readonly sizeMib: number;
  readonly policy: SourcePolicy;
  readonly spoolFolder: string;
  readonly cache: { readonly folder: string; readonly limitMib: number };
}

/** What that thread needs of whoever started it. */
export interface DumpHooks {
  readonly signal: AbortSignal;
  /** Everything that can be known before has been looked at; the disk is about to be written to. */
  readonly beforeWrite: () => Promise<void>;
  readonly onProgress: (fraction: number, bytes: number) => void;
}

/** One way of an image to the disk: where it comes from, and what it has to be. */
export interface Dump {
  readonly image: DiskImage;
  readonly file: string;
  readonly diskBytes: number;
  readonly spoolFolder: string;
  readonly source: SourceStream;
  readonly passing: Passing;
  /** Where the download is kept for the next time; null: nowhere. */
  readonly draft: CacheDraft | null;
  readonly hooks: DumpHooks;
}

/** What came of it. */
export interface Dumped {
  readonly sha256: string;
  readonly virtualBytes: number;
  readonly written: TakenDigests;
  /** The draft is whole. */
  readonly isKept: boolean;
}
