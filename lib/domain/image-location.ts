import { nameProblem } from "./definition-paths.ts";

/**
 * What is wrong with where an image, medium or kernel lies, as the end of a sentence; null: nothing. `http(s)://…` or a path
 * of the node. A user name and password would be secrets that are stored and shown (design: visibility, "A URL with
 * `user:password@` in it is refused").
 */
export function locationProblem(location: string): string | null {
  return location.startsWith("/") ? pathProblem(location) : urlProblem(location);
}

/** As `locationProblem`, for what can only lie on the node. */
export function pathProblem(path: string): string | null {
  if (!path.startsWith("/")) return "must be an absolute path";
  return nameProblem(path.slice(1)) === null ? null : "must be a path without empty parts, . or .., and without characters that can't be shown";
}

function urlProblem(text: string): string | null {
  const form = "must be an http or https address, or an absolute path";
  // Of what the URL parser forgives, nothing: backslashes for slashes, blanks, tabs and line ends in the middle.
  const authority = /^https?:\/\/([^/?#]+)/i.exec(text)?.[1];
  if (authority === undefined || !/^[\x21-\x7e]+$/.test(text) || text.includes("\\") || !URL.canParse(text)) return form;
  if (authority.includes("@")) return "must not have a user name or password in it";
  return text.includes("#") ? "must not have a fragment" : null;
}
