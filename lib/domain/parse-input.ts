import type { z } from "zod";
import { SlipwayError } from "./errors.ts";

/** Parses the input of an operation. @throws SlipwayError `invalid` that names the field and never what it held. */
export function parseInput<S extends z.ZodType>(schema: S, input: z.input<S>): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  throw new SlipwayError("invalid", `${field === "" ? "The request" : field} can't be used: ${describeIssue(issue)}.`, { field });
}

/** What was expected, as the end of a sentence. zod's own messages can quote what they were given. */
export function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "too_small":
      return issue.origin === "string" ? `it has fewer than ${issue.minimum} characters` : `it is below ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" ? `it has more than ${issue.maximum} characters` : `it is above ${issue.maximum}`;
    case "invalid_type":
      return `it must be of type ${issue.expected}`;
    case "invalid_format":
      return issue.message.startsWith("must ") ? `it ${issue.message}` : `it has not the form of ${issue.format}`;
    case "invalid_value":
      return `it must be one of ${issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return "it has fields that aren't known";
    default:
      return "it isn't valid";
  }
}
