/** A part of a list. `nextCursor` is opaque; null at the end. Lists are never unbounded. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly cursor?: string | undefined;
  /** 1 to 200; 50 unless given. */
  readonly limit?: number | undefined;
}

export const PAGE_LIMITS = { default: 50, max: 200 } as const;
