import type { ErrorCode } from "#lib/domain/errors.ts";

/** The HTTP status of each error code, for the API. The one table. */
export const STATUS_OF_CODE: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  not_signed_in: 401,
  not_allowed: 403,
  unknown_object: 404,
  conflict: 409,
  exists: 409,
  too_large: 413,
  unknown_parameter: 422,
  visibility_too_low: 422,
  missing_parameter: 422,
  missing_secret: 422,
  disk_too_small: 422,
  unsupported: 422,
  too_many_requests: 429,
  internal: 500,
  node_refused: 502,
  node_unreachable: 503,
  timed_out: 504,
  no_room: 507,
  // These end a job and stand in it. Where one reaches a request, the request was about something that is no more.
  script_failed: 409,
  guest_silent: 409,
  cancelled: 409,
  process_lost: 409,
  agent_restarted: 409,
  lease_expired: 409,
};

/** What an error is called, for a person who reads the answer as it is. */
export const TITLE_OF_STATUS: Readonly<Record<number, string>> = {
  400: "The request can't be understood",
  401: "Sign in first",
  403: "Not allowed",
  404: "Not found",
  405: "Not possible with this method",
  408: "It came too slowly",
  409: "Not possible in this state",
  413: "Too large",
  415: "Not the content type that is taken here",
  422: "Can't be carried out as asked",
  429: "Too many requests",
  500: "Something is wrong in Slipway",
  502: "The node refused",
  503: "The node doesn't answer",
  504: "It took too long",
  507: "No room",
};
