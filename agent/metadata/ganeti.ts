import type { MetadataBody } from "./metadata-content.ts";
import { Branch, type Document, type Mount } from "./tree.ts";

/** Versions of Ganeti's tree, oldest first. */
const VERSIONS = ["2026-11-20", "latest"];

/** Below a version: what the guest reads and writes, answered by the service itself. */
export const READ_PATH = "read";
export const WRITE_PATH = "write";

/** Below a version: streams (metadata-content.ts), those of disks with a slash and the disk's index behind. */
export const PACKAGE_PATH = "os/package";
export const IMPORT_PATH = "os/import";
export const EXPORT_PATH = "os/export";

/**
 * Ganeti's tree (design: "The service"): what fits into neither of the others. `documents`: by path below a version; `streams`: paths
 * that are listed, and answered by the service itself.
 */
export function buildGaneti(metadata: MetadataBody, parameters: MetadataBody, documents: ReadonlyMap<string, Document> = new Map(), streams: readonly string[] = []): Mount {
  const branch = new Branch({ slashes: true });
  branch.add("meta_data.json", metadata);
  branch.add("os/parameters.json", parameters);
  branch.name(READ_PATH);
  branch.name(WRITE_PATH);
  for (const path of streams) branch.name(path);
  for (const [path, document] of documents) branch.add(path, document);
  return { at: "ganeti", versions: VERSIONS, branch };
}

/** `read` and `write` under any version of Ganeti's tree. */
export const READ_PATHS: ReadonlySet<string> = new Set(VERSIONS.map((version) => `ganeti/${version}/${READ_PATH}`));
export const WRITE_PATHS: ReadonlySet<string> = new Set(VERSIONS.map((version) => `ganeti/${version}/${WRITE_PATH}`));

export type StreamPath = { readonly kind: "package" } | { readonly kind: "import" | "export"; readonly index: number };

/** Every path of a stream, as sent: no index is read out of a text. */
const STREAM_PATHS: ReadonlyMap<string, StreamPath> = new Map(
  VERSIONS.flatMap((version): [string, StreamPath][] => [
    [`ganeti/${version}/${PACKAGE_PATH}`, { kind: "package" }],
    ...Array.from({ length: 16 }, (_, index): [string, StreamPath][] => [
      [`ganeti/${version}/${IMPORT_PATH}/${String(index)}`, { kind: "import", index }],
      [`ganeti/${version}/${EXPORT_PATH}/${String(index)}`, { kind: "export", index }],
    ]).flat(),
  ]),
);

export function streamOf(path: string): StreamPath | undefined {
  return STREAM_PATHS.get(path);
}
