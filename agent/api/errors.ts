import { type ErrorCode, isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { z } from "zod";

/** HTTP status of a refusal. The code in the body is what counts; the status is for logs and proxies. */
export function statusOf(code: ErrorCode): number {
  switch (code) {
    case "unknown_object":
      return 404;
    case "conflict":
    case "exists":
      return 409;
    case "not_allowed":
      return 403;
    case "not_signed_in":
      return 401;
    case "too_large":
      return 413;
    case "too_many_requests":
      return 429;
    case "internal":
      return 500;
    case "no_room":
      return 507;
    case "timed_out":
      return 408;
    default:
      return 400;
  }
}

/** Any error as one that may be answered: nothing that it doesn't say itself, and never a value. */
export function toAnswer(error: unknown): SlipwayError {
  if (isSlipwayError(error)) return error;
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    // The path names the field. The issue's own text may quote what was sent.
    return new SlipwayError("invalid", "A field of the message is missing, unknown or not of its form.", {
      field: issue?.path.map(String).join(".").slice(0, 200) ?? "",
      cause: issue?.code,
    });
  }
  return new SlipwayError("internal", "The agent failed; its log says why.", { cause: error });
}
