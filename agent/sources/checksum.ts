import { createHash, type Hash } from "node:crypto";
import type { Checksum } from "#lib/domain/install-source.ts";
import { sourceError } from "./source-error.ts";

/** The sha256 of something that passes by, and its sha512 where that is what a checksum was given as. */
export class Digests {
  readonly #sha256: Hash = createHash("sha256");
  readonly #sha512: Hash | null;
  readonly #expected: Checksum | null;

  constructor(expected: Checksum | null) {
    this.#expected = expected;
    this.#sha512 = expected !== null && "sha512" in expected ? createHash("sha512") : null;
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
    const sha256 = this.#sha256.digest("hex");
    const expected = this.#expected;
    if (expected === null) return sha256;
    const isSame = "sha512" in expected ? this.#sha512?.digest("hex") === expected.sha512 : sha256 === expected.sha256;
    if (!isSame) throw sourceError("checksum_mismatch", `${what} doesn't have the ${"sha512" in expected ? "sha512" : "sha256"} that was given.`, field);
    return sha256;
  }
}
