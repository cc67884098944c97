/**
 * One list of error codes for every interface. HTTP statuses and Ganeti's error kinds are derived from it where an
 * interface answers, never the other way round.
 */
export const ERROR_CODES = [
  "invalid", // the request can't be understood; `field` names the place
  "unknown_object", // instance, node, definition, variant, job … isn't there, or may not be known of
  "unknown_parameter",
  "visibility_too_low", // a parameter was sent in a lower class than its definition declares
  "missing_parameter", // required and neither sent nor kept
  "missing_secret", // a secret must be sent again
  "conflict", // the object is in a state, or held by a job, that doesn't allow this
  "exists", // a name is taken
  "not_allowed", // signed in, and may not
  "not_signed_in",
  "too_large",
  "too_many_requests",
  "disk_too_small",
  "no_room", // the node has too little disk or memory
  "unsupported", // the node, hypervisor or definition can't do it
  "node_unreachable",
  "node_refused", // the agent answered with a refusal
  "source_refused", // an image, medium or package lies where nothing may be fetched from
  "source_failed", // it could not be fetched, or isn't what its server said that it is
  "checksum_mismatch", // its bytes aren't those of the checksum that was given, or of what was written
  "image_refused", // it isn't an image that is taken: backing file, encryption, another format, more than the disk holds
  "script_failed",
  "guest_silent", // powered off or ended without saying how it went
  "timed_out",
  "cancelled",
  "process_lost", // the process that held this job's secrets is gone
  "agent_restarted",
  "lease_expired",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** The field or parameter concerned, as the caller named it: `osparams.hostname_suffix`, `disks[0].size`. Never a value. */
  readonly field?: string;
  /** The step of an install in which it happened. */
  readonly step?: string;
  /** Names (never values) of what is missing or wrong, where it is more than one. */
  readonly names?: readonly string[];
  /** For the log only. */
  readonly cause?: unknown;
}

/**
 * An error that a person can act on: a code from the list above, a sentence that names the field and never its value, and
 * a cause that only the log sees.
 */
export class SlipwayError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly step: string | undefined;
  readonly names: readonly string[];
  /** Recognised across copies of this module (see isSlipwayError). */
  readonly isSlipwayError = true;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SlipwayError";
    this.code = code;
    this.field = details.field;
    this.step = details.step;
    this.names = details.names ?? [];
  }
}

/** Whether an error is one of ours, whichever copy of this module made it (the server and its bundled pages each load one). */
export function isSlipwayError(error: unknown): error is SlipwayError {
  return error instanceof Error && "isSlipwayError" in error && error.isSlipwayError === true;
}
