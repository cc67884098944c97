import type { z } from "zod";
import { SlipwayError } from "./errors.ts";

/** Parses the input of an operation. @throws SlipwayError `invalid` that names the field and never what it held. */
export function parseInput<S extends z.ZodType>(schema: S, input: z.input<S>): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  throw new SlipwayError("invalid", `${field === "" ? "The request" : field} ${describeIssue(issue)}.`, { field });
}

/** What is wrong, as the end of a sentence that begins with the field. zod's own messages can quote what they were given; this doesn't. */
export function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "too_small":
      return `must ${issue.origin === "string" || issue.origin === "array" ? "have" : "be"} ${bound(issue.inclusive === false ? "more than" : "at least", issue.minimum, issue.origin)}`;
    case "too_big":
      return `must ${issue.origin === "string" || issue.origin === "array" ? "have" : "be"} ${bound(issue.inclusive === false ? "less than" : "at most", issue.maximum, issue.origin)}`;
    case "invalid_type":
      // An issue holds no input; that there was none is in its sentence alone.
      if (issue.message.endsWith("received undefined")) return "is missing";
      return `must be ${TYPES[issue.expected] ?? `of type ${issue.expected}`}`;
    case "invalid_format":
      return issue.message.startsWith("must ") ? issue.message : issue.format === "regex" ? "doesn't have the form that is needed" : `doesn't have the form of ${issue.format}`;
    case "invalid_value":
      return issue.values.length === 1 ? `must be ${String(issue.values[0])}` : `must be one of ${issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return "has members that aren't known";
    case "custom":
    case "invalid_union":
      return issue.message.startsWith("must ") ? issue.message : "isn't valid";
    default:
      return "isn't valid";
  }
}

/** zod's names of JSON's types, with their articles. */
const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function bound(words: string, number: number | bigint, origin: string): string {
  const noun = origin === "string" ? " character" : origin === "array" ? " item" : "";
  return `${words} ${number}${noun}${noun === "" || number === 1 ? "" : "s"}`;
}
