import { createHash, randomBytes } from "node:crypto";

/** Tokens that one guest holds at a time; with one more, the oldest goes. */
const MOST_TOKENS = 256;
const TOKEN_BYTES = 42;
/** Longest lifetime that can be asked for: six hours, as in EC2. */
export const LONGEST_TTL_SECONDS = 21_600;

/** A header's value as a lifetime in seconds, null where it is none. */
export function parseTtl(value: string | undefined): number | null {
  if (value === undefined || !/^[0-9]{1,5}$/.test(value)) return null;
  const seconds = Number(value);
  return seconds >= 1 && seconds <= LONGEST_TTL_SECONDS ? seconds : null;
}

/** The session tokens of one guest (design: "The service"). Only digests are kept, and looked up: no comparison tells a part of one. */
export class Tokens {
  /** When each ends, by its digest, in the order of their issue. */
  readonly #ends = new Map<string, number>();

  /** `now`: milliseconds of a clock that only goes forward. */
  issue(ttlSeconds: number, now: number): string {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    for (const [digest, end] of this.#ends) {
      if (end > now && this.#ends.size < MOST_TOKENS) break;
      this.#ends.delete(digest);
    }
    this.#ends.set(digestOf(token), now + ttlSeconds * 1_000);
    return token;
  }

  isValid(token: string, now: number): boolean {
    const end = this.#ends.get(digestOf(token));
    return end !== undefined && end > now;
  }

  get size(): number {
    return this.#ends.size;
  }
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
