import { type ErrorCode, isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";

/** A try that failed in a way that another may not: the next one goes on where this one ended. */
export class PassingFailure extends SlipwayError {
  constructor(message: string, field: string, cause?: unknown) {
    super("source_failed", message, { field, ...(cause === undefined ? {} : { cause }) });
    this.name = "PassingFailure";
  }
}

/** What lies there isn't what it was when the download began: what came so far is of no use. */
export class SourceChanged extends SlipwayError {
  constructor(message: string, field: string) {
    super("source_failed", message, { field });
    this.name = "SourceChanged";
  }
}

export function sourceError(code: Extract<ErrorCode, "source_refused" | "source_failed" | "checksum_mismatch" | "image_refused" | "disk_too_small" | "too_large" | "no_room">, message: string, field: string, cause?: unknown): SlipwayError {
  return new SlipwayError(code, message, { field, ...(cause === undefined ? {} : { cause }) });
}

/** What a signal was given as its reason where that is an error of ours, else that it was cancelled. */
export function abortError(signal: AbortSignal): SlipwayError {
  return isSlipwayError(signal.reason) ? signal.reason : new SlipwayError("cancelled", "It was cancelled.", { cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}
