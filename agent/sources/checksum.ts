import { createHash, type Hash } from "node:crypto";
import type { Checksum } from "#lib/domain/install-source.ts";
import { sourceError } from "./source-error.ts";

/** Lower-case hex; `sha512` null where nobody asked for it. */
export interface TakenDigests {
  readonly sha256: string;
  readonly sha512: string | null;
}

/** The sha256 of something that passes by, and its sha512 where that is what a checksum was given as. */
export class Digests {
  readonly #sha256: Hash = createHash("sha256");
  readonly #sha512: Hash | null;
  readonly #expected: Checksum | null;

  constructor(expected: Checksum | null) {
    this.#expected = expected;
    this.#sha512 = wantsSha512(expected) ? createHash("sha512") : null;
  }

  update(bytes: Buffer): void {
    this.#sha256.update(bytes);
    this.#sha512?.update(bytes);
  }

  /**
   * The sha256, lower-case hex. Can be called once.
   *
   * @param what the beginning of the sentence where it isn't the one that was given: "The download"
   * @throws SlipwayError checksum_mismatch
   */
  finish(what: string, field: string): string {
    const taken = { sha256: this.#sha256.digest("hex"), sha512: this.#sha512?.digest("hex") ?? null };
    checkDigests(taken, this.#expected, what, field);
    return taken.sha256;
  }
}

/** Holds digests against the checksum that was given; null: none was. @throws SlipwayError checksum_mismatch */
export function checkDigests(taken: TakenDigests, expected: Checksum | null, what: string, field: string): void {
  if (expected === null) return;
  const isSame = "sha512" in expected ? taken.sha512 === expected.sha512 : taken.sha256 === expected.sha256;
  if (!isSame) throw sourceError("checksum_mismatch", `${what} doesn't have the ${"sha512" in expected ? "sha512" : "sha256"} that was given.`, field);
}

/** Whether a checksum needs the longer digest. */
export function wantsSha512(expected: Checksum | null): boolean {
  return expected !== null && "sha512" in expected;
}
