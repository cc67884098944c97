import type { Find, Scanner } from "./scan.ts";

/** One kind of place: how much of it was read, and what was there. */
export interface LedgerRow {
  readonly kind: string;
  readonly places: number;
  readonly bytes: number;
  /** Public canaries that were seen in it, each once. */
  readonly publicSeen: number;
  readonly finds: number;
}

/** Reads places through a scanner and keeps account: what was read, the leaks, and where public values were seen. */
export class Ledger {
  #scanner: Scanner;
  readonly #places = new Map<string, Set<string>>();
  readonly #bytes = new Map<string, number>();
  readonly #found = new Map<string, { readonly kind: string; readonly find: Find }>();

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /** What is planted later has to be looked for as well. */
  useScanner(scanner: Scanner): void {
    this.#scanner = scanner;
  }

  read(kind: string, place: string, content: Buffer | string): void {
    this.#count(kind, place, Buffer.byteLength(content));
    this.#keep(kind, this.#scanner.scan(place, content));
  }

  /** A file that has gone away meanwhile holds nothing that stays. False: it couldn't be read. */
  async readFile(kind: string, place: string, file: string): Promise<boolean> {
    try {
      this.#keep(kind, await this.#scanner.scanFile(place, file, (bytes) => this.#count(kind, place, bytes)));
      this.#count(kind, place, 0);
      return true;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return false;
      throw error;
    }
  }

  /** Private and secret values that were found, of these kinds of place or of all. */
  leaks(...kinds: readonly string[]): Find[] {
    return this.#entries(kinds).filter(({ visibility }) => visibility !== "public");
  }

  /** Everything that was found, of these kinds of place or of all, public values among it. */
  seen(...kinds: readonly string[]): Find[] {
    return this.#entries(kinds);
  }

  rows(): LedgerRow[] {
    return [...this.#places].map(([kind, places]) => {
      const found = this.#entries([kind]);
      const publicSeen = new Set(found.filter(({ visibility }) => visibility === "public").map(({ canary }) => canary)).size;
      return { kind, places: places.size, bytes: this.#bytes.get(kind) ?? 0, publicSeen, finds: this.leaks(kind).length };
    });
  }

  #entries(kinds: readonly string[]): Find[] {
    return [...this.#found.values()].filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)).map(({ find }) => find);
  }

  #count(kind: string, place: string, bytes: number): void {
    const places = this.#places.get(kind) ?? new Set();
    this.#places.set(kind, places.add(place));
    this.#bytes.set(kind, (this.#bytes.get(kind) ?? 0) + bytes);
  }

  #keep(kind: string, finds: readonly Find[]): void {
    for (const find of finds) this.#found.set(`${kind} ${find.place} ${find.canary} ${find.form}`, { kind, find });
  }
}
