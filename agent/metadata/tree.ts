import type { MetadataBody, MetadataTree } from "./metadata-content.ts";

/** A document, or how to get it where it isn't in memory. */
export type Document = MetadataBody | (() => Promise<MetadataBody>);

export function text(content: string): MetadataBody {
  return { kind: "text", bytes: Buffer.from(content, "utf8"), type: "text/plain" };
}

export function json(content: unknown): MetadataBody {
  return { kind: "text", bytes: Buffer.from(JSON.stringify(content), "utf8"), type: "application/json" };
}

/** What stands below each version of one of the trees: documents by path, and what each directory lists, by path without a slash. */
export class Branch {
  readonly #documents = new Map<string, Document>();
  readonly #listings = new Map<string, string[]>();

  /** `slashes`: whether names of directories right below the version end with a slash, which EC2 does only further down. */
  readonly #slashes: boolean;

  constructor({ slashes }: { readonly slashes: boolean }) {
    this.#slashes = slashes;
    this.#listings.set("", []);
  }

  /** Adds a document, and the directories that lead to it. */
  add(path: string, document: Document): void {
    this.#documents.set(path, document);
    this.name(path);
  }

  /** Lets a path be listed that the service answers itself. */
  name(path: string): void {
    const parts = path.split("/");
    let directory = "";
    for (const [depth, part] of parts.entries()) {
      const isDirectory = depth < parts.length - 1;
      this.#list(directory, isDirectory && (depth > 0 || this.#slashes) ? `${part}/` : part);
      directory = depth === 0 ? part : `${directory}/${part}`;
      if (isDirectory && !this.#listings.has(directory)) this.#listings.set(directory, []);
    }
  }

  /** Gives a directory another listing than the names in it: EC2 lists public keys as `0=name`. */
  setListing(directory: string, names: readonly string[]): void {
    this.#listings.set(directory, [...names]);
  }

  get(path: string): MetadataBody | Promise<MetadataBody> | undefined {
    const document = this.#documents.get(path);
    return typeof document === "function" ? document() : document;
  }

  /** Names in the order of their bytes. */
  list(directory: string): readonly string[] | null {
    return this.#listings.get(directory) ?? null;
  }

  #list(directory: string, name: string): void {
    const names = this.#listings.get(directory) ?? [];
    if (!names.includes(name)) names.push(name);
    this.#listings.set(directory, names.sort());
  }
}

/** One of the trees: EC2's stands at the root (`at` empty), the others in a directory of their own. */
export interface Mount {
  readonly at: "" | "openstack" | "ganeti";
  /** Oldest first, `latest` last. All have the same below them. */
  readonly versions: readonly string[];
  readonly branch: Branch;
}

/**
 * The trees of one guest. Paths are looked up as they are, in memory: nothing is decoded, joined, or looked for on a disk.
 * `openTrees`: trees that nobody needs a token for.
 */
export function createTree(mounts: readonly Mount[], openTrees: ReadonlySet<Mount["at"]> = new Set()): MetadataTree {
  const root = mounts.find(({ at }) => at === "");
  const others = new Map<string, Mount>(mounts.filter(({ at }) => at !== "").map((mount) => [mount.at, mount]));
  const versions = new Map<Mount, ReadonlySet<string>>(mounts.map((mount) => [mount, new Set(mount.versions)]));
  const rootListing = [...(root?.versions ?? []), ...[...others.keys()].sort().map((at) => `${at}/`)];

  /** The tree that a path leads into, and what is left of the path below a version; null rest: the version list itself. */
  function find(path: string): { readonly mount: Mount; readonly rest: string | null } | null {
    const slash = path.indexOf("/");
    const first = slash < 0 ? path : path.slice(0, slash);
    const other = others.get(first);
    if (other === undefined) return root?.versions !== undefined && versions.get(root)?.has(first) === true ? { mount: root, rest: slash < 0 ? "" : path.slice(slash + 1) } : null;
    if (slash < 0 || slash === path.length - 1) return { mount: other, rest: null };
    const next = path.indexOf("/", slash + 1);
    const version = next < 0 ? path.slice(slash + 1) : path.slice(slash + 1, next);
    return versions.get(other)?.has(version) === true ? { mount: other, rest: next < 0 ? "" : path.slice(next + 1) } : null;
  }

  return {
    get(path) {
      const found = find(path);
      return found === null || found.rest === null ? undefined : found.mount.branch.get(found.rest);
    },
    list(directory) {
      if (directory === "") return rootListing;
      const found = find(directory);
      if (found === null) return null;
      if (found.rest === null) return found.mount.versions;
      return found.mount.branch.list(found.rest.endsWith("/") ? found.rest.slice(0, -1) : found.rest);
    },
    needsToken(path) {
      const slash = path.indexOf("/");
      return !openTrees.has(others.get(slash < 0 ? path : path.slice(0, slash))?.at ?? "");
    },
  };
}
