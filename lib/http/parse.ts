import type { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Names that a client made up stand in messages only so long. */
const LONGEST_NAME = 80;

/**
 * Checks a part of a request against its schema.
 *
 * @throws SlipwayError `invalid`, with the first field that is wrong and the names of all. What the fields held is neither in
 * the message nor in the cause: zod's own messages name types and limits, and its issues hold no input.
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.map(describeIssue);
  const first = found[0];
  if (first === undefined) throw new SlipwayError("invalid", "The request can't be understood");
  const names = [...new Set(found.map((issue) => issue.field))].slice(0, 20);
  throw new SlipwayError("invalid", `${first.field === "" ? "The body" : first.field}: ${first.message}`, {
    ...(first.field === "" ? {} : { field: first.field }),
    names: names.filter((name) => name !== ""),
  });
}

function describeIssue(issue: z.core.$ZodIssue): { readonly field: string; readonly message: string } {
  if (issue.code === "unrecognized_keys") {
    return { field: formatPath([...issue.path, issue.keys[0] ?? ""]), message: "is not known here" };
  }
  return { field: formatPath(issue.path), message: issue.message };
}

/** `disks[0].sizeMib` */
export function formatPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((sofar, part) => {
    if (typeof part === "number") return `${sofar}[${part}]`;
    return sofar === "" ? String(part) : `${sofar}.${String(part)}`;
  }, "");
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text;
}

/** The query of an address as an object. A name that is there twice is refused. */
export function readQuery(url: URL): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (found.has(name)) throw new SlipwayError("invalid", `${formatPath([name])}: is there twice`, { field: formatPath([name]) });
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
