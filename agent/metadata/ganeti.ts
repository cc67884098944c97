import type { MetadataBody } from "./metadata-content.ts";
import { Branch, type Document, type Mount } from "./tree.ts";

/** Versions of Ganeti's tree, oldest first. */
const VERSIONS = ["2026-11-20", "latest"];

/** Below a version: what the guest reads and writes, answered by the service itself. */
export const READ_PATH = "read";
export const WRITE_PATH = "write";

/** Ganeti's tree (design: "The service"): what fits into neither of the others. `documents`: by path below a version. */
export function buildGaneti(metadata: MetadataBody, parameters: MetadataBody, documents: ReadonlyMap<string, Document> = new Map()): Mount {
  const branch = new Branch({ slashes: true });
  branch.add("meta_data.json", metadata);
  branch.add("os/parameters.json", parameters);
  branch.name(READ_PATH);
  branch.name(WRITE_PATH);
  for (const [path, document] of documents) branch.add(path, document);
  return { at: "ganeti", versions: VERSIONS, branch };
}

/** `read` and `write` under any version of Ganeti's tree. */
export const READ_PATHS: ReadonlySet<string> = new Set(VERSIONS.map((version) => `ganeti/${version}/${READ_PATH}`));
export const WRITE_PATHS: ReadonlySet<string> = new Set(VERSIONS.map((version) => `ganeti/${version}/${WRITE_PATH}`));
