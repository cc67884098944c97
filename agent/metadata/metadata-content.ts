import type { ReadPipe } from "./read-pipe.ts";
import type { WritePipe } from "./write-pipe.ts";

/** What a guest may fetch: a text in memory (never on disk, it may hold values), or a file. */
export type MetadataBody =
  | { readonly kind: "text"; readonly bytes: Buffer; readonly type: string }
  | { readonly kind: "file"; readonly path: string; readonly length: number }
  /** It is known that there is something, and not yet what: private values are on their way to an agent that was restarted. */
  | { readonly kind: "later" };

/** The documents of one guest, by path without a leading slash: `latest/meta-data/hostname`, `ganeti/latest/os/parameters.json` … */
export interface MetadataTree {
  get(path: string): MetadataBody | Promise<MetadataBody> | undefined;
  /** Names in a directory (`latest/meta-data/`, the root is ``), directories with a trailing slash; null where there is none. */
  list(directory: string): readonly string[] | null;
}

export interface MetadataContent {
  readonly tree: MetadataTree;
  readonly requireTokens: boolean;
  readonly read: ReadPipe;
  readonly write: WritePipe;
  /** The guest has asked for something. */
  readonly onContact: () => void;
  /** The guest has more connections than are served, and one was refused. */
  readonly onRefused: () => void;
}
