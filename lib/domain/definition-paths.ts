/**
 * Which paths an OS definition's files may have, wherever they come from: a folder, an archive, a node. They are shown to
 * people, stored, written into an archive and unpacked as root, so they must mean the same to everybody.
 */
import { SlipwayError } from "./errors.ts";
import type { ErrorCode } from "./errors.ts";
import { fitsTar } from "./write-tar.ts";

/** Folders in one another. */
export const PATH_DEPTH = 8;
/** Bytes of a path as an archive names it, which may have a folder more in front. */
const LONGEST_NAME = 1_024;
/** Characters of a path that an error repeats. */
const LONGEST_SHOWN = 200;
/** Controls, invisible ones that turn the order of text around, halves of characters, those without a meaning, and line ends. */
const UNUSABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** What is wrong with a relative path, as the end of a sentence; null: nothing. */
export function nameProblem(path: string): string | null {
  if (path === "") return "has no name";
  if (!path.isWellFormed() || UNUSABLE.test(path)) return "has a character in its name that can't be used";
  if (Buffer.byteLength(path) > LONGEST_NAME) return "has too long a path";
  if (path.includes("\\")) return "has a backslash in its name";
  if (path.startsWith("/")) return "has an absolute path";
  const parts = path.split("/");
  if (parts.some((part) => part === "." || part === ".." || part === "")) return "has a path with an empty part, . or ..";
  if (path !== path.normalize("NFC")) return "has a name that is not in Unicode's normal form NFC";
  return null;
}

/** As `nameProblem`, and whether the path is short and shallow enough for a definition's own folder. */
export function definitionPathProblem(path: string): string | null {
  const problem = nameProblem(path);
  if (problem !== null) return problem;
  if (path.split("/").length - 1 > PATH_DEPTH) return `is more than ${PATH_DEPTH} folders deep`;
  return fitsTar(path) ? null : "has too long a path";
}

/** An error about one file, which names it where its path can be shown. */
export function fileError(path: string, problem: string, details: { readonly code?: ErrorCode; readonly cause?: unknown } = {}): SlipwayError {
  const isShown = path !== "" && path.length <= LONGEST_SHOWN && path.isWellFormed() && !UNUSABLE.test(path);
  return new SlipwayError(details.code ?? "invalid", `${isShown ? `${path}:` : "A file of the OS definition"} ${problem}.`, { field: isShown ? path : "files", cause: details.cause });
}

/** Equal for paths that some file system takes for one: in another case, or another normal form. */
function folded(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

export interface PathRegister {
  /** @throws SlipwayError `invalid` where the path, or one that some file systems can't tell from it, is taken. */
  add(path: string, kind: "file" | "folder"): void;
}

/** Paths of one definition. A folder that is only part of a path needs no entry of its own. */
export function pathRegister(): PathRegister {
  const taken = new Map<string, { readonly path: string; readonly kind: "file" | "folder"; readonly isOwn: boolean }>();
  return {
    add: (path, kind) => {
      for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
        const folder = path.slice(0, end);
        const known = taken.get(folded(folder));
        if (known === undefined) taken.set(folded(folder), { path: folder, kind: "folder", isOwn: false });
        else if (known.path !== folder) throw fileError(path, "is in a folder whose name differs from another one only in case or normal form");
        else if (known.kind === "file") throw fileError(folder, "is a file and a folder");
      }
      const known = taken.get(folded(path));
      if (known !== undefined) {
        if (known.path !== path) throw fileError(path, "has a path that differs from another one only in case or normal form");
        if (known.kind !== kind) throw fileError(path, "is a file and a folder");
        if (known.isOwn) throw fileError(path, "is there twice");
      }
      taken.set(folded(path), { path, kind, isOwn: true });
    },
  };
}

/** Whether a path with no links in it is that of a folder or of something in there. Both absolute, without `.`, `..` or a slash at the end. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}
