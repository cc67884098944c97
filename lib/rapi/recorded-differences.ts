/**
 * Where we answer otherwise than the recorded Ganeti, on purpose. The contract test fails on a difference that isn't here,
 * and on one that is here and isn't one.
 *
 * Of every answer's headers: `Server` says who we are; connections stay open, so that a client that asks often needn't shake
 * hands often; `Cache-Control` keeps answers out of caches.
 */
export interface RecordedDifference {
  /** Name of the recorded exchange. */
  readonly exchange: string;
  /** As lib/rapi/testing-shapes.ts writes it. */
  readonly difference: string;
  readonly reason: string;
}

export const RECORDED_DIFFERENCES: readonly RecordedDifference[] = [];
