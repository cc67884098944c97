import type { Readable } from "node:stream";
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
  /**
   * What a directory (`latest/meta-data/` or without its slash, the root is ``) lists, as EC2 gives it: a name with a slash is a
   * directory, but for versions and what stands right below them, and a key is `0=name`. Null where there is none.
   */
  list(directory: string): readonly string[] | null;
  /** Whether a path is refused without a token where the cluster requires tokens. */
  needsToken(path: string): boolean;
}

/** What the service is asked to serve to one guest. Read anew for each request: a getter may change what it gives. */
export interface MetadataContent {
  readonly tree: MetadataTree;
  readonly requireTokens: boolean;
  /** Resolves when a tree without bodies of kind `later` takes this one's place; null where none will. */
  readonly isComplete: Promise<void> | null;
  readonly read: ReadPipe;
  readonly write: WritePipe;
  /** What an appliance of contract 2 is given and gives beside documents; null: not this guest. */
  readonly streams: GuestStreams | null;
  /** The guest has asked for something, or said something. Called for each request: it must be quick. */
  readonly onContact: () => void;
  /** The guest has more connections than are served, and one was refused. */
  readonly onRefused: () => void;
  /** Something that was refused, for a person: each kind once in an hour. Never part of what the guest sent. */
  readonly onNotice: (text: string) => void;
}

/** Streams between an appliance and its host (appliance/README.md, "What the appliance asks"). */
export interface GuestStreams {
  /** `GET ganeti/<version>/os/package`: the personalization package as it was fetched, in memory alone; null: there is none. */
  readonly archive: Buffer | null;
  /** `GET ganeti/<version>/os/import/<index>`: what the import script reads; null: nothing for that disk. */
  readonly openImport: (index: number) => Promise<{ readonly stream: Readable; readonly length: number } | null>;
  /**
   * `POST ganeti/<version>/os/export/<index>`, chunked: what the export script writes, once for each disk. Resolves when all of it is
   * durable. Rejects with a SlipwayError where it isn't wanted or is more than it may be; the guest is answered with 4xx then.
   */
  readonly takeExport: (index: number, body: Readable) => Promise<void>;
}
