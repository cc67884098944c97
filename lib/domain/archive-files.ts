/**
 * From an archive's entries to a definition's files: one folder around everything taken away, hidden files left out, links
 * replaced by what they lead to inside the archive.
 */
import { fileError, nameProblem, pathRegister } from "./definition-paths.ts";
import type { DefinitionFile } from "./os-definition-files.ts";
import type { ArchiveEntry } from "./read-tar.ts";

type FileEntry = Extract<ArchiveEntry, { kind: "file" }>;
type Link = Extract<ArchiveEntry, { target: string }>;
/** What is at a path of the archive. */
type Node = FileEntry | Link | "folder";

/** Links that lead to links. */
const MOST_HOPS = 16;

/** @throws SlipwayError `invalid`, with the entry's path as its field where it can be shown. */
export function archiveFiles(entries: readonly ArchiveEntry[]): DefinitionFile[] {
  const nodes = placeEntries(entries);
  const visible = [...nodes].filter(([path]) => !path.split("/").some((part) => part.startsWith(".")));
  const cut = commonFolder(visible);
  return visible.flatMap(([path, node]) => {
    if (node === "folder") return [];
    const file = node.kind === "file" ? node : followLink(path, node, nodes);
    return [{ path: path.slice(cut), mode: file.isExecutable ? 0o755 : 0o644, content: file.content }];
  });
}

/** By their paths without `./`, folders that are only part of a path included. */
function placeEntries(entries: readonly ArchiveEntry[]): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const register = pathRegister();
  for (const entry of entries) {
    const path = withoutDot(entry.path);
    // `./` itself, the folder that was packed.
    if (entry.kind === "folder" && (path === "." || entry.path === "./")) continue;
    const problem = nameProblem(path);
    if (problem !== null) throw fileError(entry.path, problem);
    register.add(path, entry.kind === "folder" ? "folder" : "file");
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) nodes.set(path.slice(0, end), "folder");
    nodes.set(path, entry.kind === "folder" ? "folder" : entry);
  }
  return nodes;
}

function withoutDot(path: string): string {
  return path.startsWith("./") ? path.slice(2) : path;
}

/** Length of what all paths begin with where that is one folder: `tar folder` and `tar -C folder .` are the same definition. */
function commonFolder(visible: readonly (readonly [string, Node])[]): number {
  const tops = new Set(visible.map(([path]) => path.split("/", 1)[0] ?? ""));
  const [top] = tops;
  if (tops.size !== 1 || top === undefined) return 0;
  return visible.every(([path, node]) => path !== top || node === "folder") ? top.length + 1 : 0;
}

function followLink(path: string, link: Link, nodes: ReadonlyMap<string, Node>): FileEntry {
  let at = path;
  let next: Link = link;
  for (let hops = 0; hops < MOST_HOPS; hops += 1) {
    const found = resolveTarget(at, next, nodes);
    if (found === null) throw fileError(path, "is a link out of the archive");
    const node = nodes.get(found);
    if (node === undefined) throw fileError(path, "is a link to something that isn't in the archive");
    if (node === "folder") throw fileError(path, "is a link to a folder");
    if (node.kind === "file") return node;
    at = found;
    next = node;
  }
  throw fileError(path, "is a link that leads in a circle, or by too many others");
}

/** The path that a link names; null where it leads out. A part that isn't a folder leads to nothing, as it does on a disk. */
function resolveTarget(path: string, { kind, target }: Link, nodes: ReadonlyMap<string, Node>): string | null {
  // A hard link names another entry, from the archive's top.
  const parts = kind === "hardlink" ? [] : path.split("/").slice(0, -1);
  if (target.startsWith("/")) return null;
  for (const part of target.split("/")) {
    if (parts.length > 0 && nodes.get(parts.join("/")) !== "folder") return "";
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "." && part !== "") {
      parts.push(part);
    }
  }
  return parts.join("/");
}
