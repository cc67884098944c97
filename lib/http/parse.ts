import type { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Names that a client made up stand in messages only so long. */
const LONGEST_NAME = 80;

/**
 * Checks a part of a request against its schema.
 *
 * @throws SlipwayError `invalid`, with the first field that is wrong and the names of all. What the fields held is neither in
 * the message nor in the cause: messages name types and limits, and zod's issues hold no input.
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  refuseUnusableText(value, []);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.map(describeIssue);
  // A name that isn't known is why another one is missing, if it was mistyped.
  const first = found.find((_, index) => parsed.error.issues[index]?.code === "unrecognized_keys") ?? found[0];
  if (first === undefined) throw new SlipwayError("invalid", "The request can't be understood");
  const names = [...new Set(found.map((issue) => issue.field))].slice(0, 20);
  throw new SlipwayError("invalid", `${first.field === "" ? "The body" : first.field}: ${first.message}`, {
    ...(first.field === "" ? {} : { field: first.field }),
    names: names.filter((name) => name !== ""),
  });
}

/** PostgreSQL takes neither NUL nor half a character, and a value with one would become another value on its way to a guest. */
function refuseUnusableText(value: unknown, path: readonly PropertyKey[]): void {
  if (typeof value === "string") {
    const problem = value.includes("\0") ? "must not hold a NUL character" : value.isWellFormed() ? null : "must not hold half of a character";
    if (problem !== null) throw unusable(formatPath(path), problem);
  } else if (Array.isArray(value)) {
    value.forEach((part, index) => {
      refuseUnusableText(part, [...path, index]);
    });
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    for (const [name, part] of Object.entries(value)) refuseUnusableText(part, [...path, name]);
  }
}

function unusable(field: string, problem: string): SlipwayError {
  return new SlipwayError("invalid", `${field === "" ? "The body" : field}: ${problem}`, field === "" ? {} : { field, names: [field] });
}

function describeIssue(issue: z.core.$ZodIssue): { readonly field: string; readonly message: string } {
  if (issue.code === "unrecognized_keys") {
    return { field: formatPath([...issue.path, issue.keys[0] ?? ""]), message: "is not known here" };
  }
  if (issue.code === "invalid_key") {
    // A name that isn't one may be a value that got into the wrong place, so it isn't repeated.
    return { field: formatPath(issue.path.slice(0, -1)), message: `a name there ${issue.issues[0]?.message ?? "can't be used"}` };
  }
  return { field: formatPath(issue.path), message: describeValue(issue) };
}

/** zod's own sentences in the words of the others; a schema's own is left as it is. */
function describeValue(issue: z.core.$ZodIssue): string {
  if (!/^(Too small|Too big|Invalid input): /.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "too_small":
      return limit(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
    case "too_big":
      return limit(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
    case "invalid_type":
      // An issue holds no input; that there was none is in its sentence alone.
      if (issue.message.endsWith("received undefined")) return "is missing";
      return issue.expected === "int" ? "must be a whole number" : `must be of type ${issue.expected === "record" ? "object" : issue.expected}`;
    default:
      return issue.message;
  }
}

function limit(origin: string, word: string, value: number | bigint): string {
  if (origin === "string") return `must have ${word} ${value} characters`;
  return origin === "array" ? `must have ${word} ${value} items` : `must be ${word} ${value}`;
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
