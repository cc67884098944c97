/** What the thread that reads back is started with. */
export interface ReadBackData {
  readonly file: string;
  /** Blocks of what was written, shared. */
  readonly ring: ArrayBufferLike;
  readonly withSha512: boolean;
}

/** To it: a block that was written and is to be compared; a part of the disk that is only to be read; that this was all. In the order of the disk. */
export type ReadBackOrder =
  | { readonly kind: "block"; readonly slot: number; readonly at: number; readonly length: number }
  | { readonly kind: "range"; readonly at: number; readonly length: number }
  | { readonly kind: "end" };

/** From it. `failed`: it couldn't read; the text is for the log. */
export type ReadBackNews =
  | { readonly kind: "compared"; readonly slot: number }
  | { readonly kind: "read"; readonly upTo: number }
  | { readonly kind: "differs"; readonly at: number }
  | { readonly kind: "failed"; readonly text: string }
  | { readonly kind: "digests"; readonly sha256: string; readonly sha512: string | null };
