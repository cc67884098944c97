import { SlipwayError } from "#lib/domain/errors.ts";

/** Archives that are read at the same moment: each is in memory whole, packed and unpacked. */
export const ARCHIVES_AT_ONCE = {
  process: 6,
  /** Of one account. */
  account: 2,
  /** Of those of the process, only for administrators. */
  administrators: 1,
  /** That the second archive of an account leaves to others. */
  others: 2,
} as const;

export interface ArchiveSender {
  readonly account: string;
  readonly isAdministrator: boolean;
}

/** The places of one process. */
export class ArchivePlaces {
  /** How many are inside, by account. */
  readonly #inside = new Map<string, number>();

  /**
   * @returns how to give the place back; more than once does no harm.
   * @throws SlipwayError `too_many_requests`
   */
  take({ account, isAdministrator }: ArchiveSender): () => void {
    const own = this.#inside.get(account) ?? 0;
    const all = [...this.#inside.values()].reduce((sum, count) => sum + count, 0);
    const free = ARCHIVES_AT_ONCE.process - all - (isAdministrator ? 0 : ARCHIVES_AT_ONCE.administrators);
    const needed = own === 0 || isAdministrator ? 1 : 1 + ARCHIVES_AT_ONCE.others;
    if (own >= ARCHIVES_AT_ONCE.account || free < needed) {
      throw new SlipwayError("too_many_requests", "Other archives are being read; send this one again in a moment.");
    }
    this.#inside.set(account, own + 1);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const left = (this.#inside.get(account) ?? 1) - 1;
      if (left === 0) this.#inside.delete(account);
      else this.#inside.set(account, left);
    };
  }
}
