import { SlipwayError } from "#lib/domain/errors.ts";

interface Kept {
  readonly system: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/**
 * The disks of a simulated instance: of each system only its name, which is the id of the install that made it. Null: nothing is
 * installed; `overwritten`: an install in place has failed after it had begun to write.
 */
export class SimulatedDisks {
  system: string | null = null;
  readonly #kept = new Map<string, Kept>();
  readonly #snapshots = new Map<string, { readonly system: string; readonly disks: readonly number[] }>();

  /** An install's system takes the place of the present one. */
  replace(installId: string, retainSeconds: number): void {
    this.#keep(installId, retainSeconds);
    this.system = installId;
  }

  /** The commit of an install is taken back. */
  takeBack(installId: string): void {
    this.system = this.#kept.get(installId)?.system ?? null;
    this.#kept.delete(installId);
  }

  /** @throws SlipwayError `conflict` where the previous system is gone */
  rollBack(installId: string, keepAs: string, retainSeconds: number): void {
    const kept = this.#kept.get(installId);
    if (kept === undefined || kept.until <= Date.now()) throw new SlipwayError("conflict", "The previous system isn't kept any more: there is nothing to go back to.", { field: "installId" });
    this.#keep(keepAs, retainSeconds);
    this.#kept.delete(installId);
    this.system = kept.system;
  }

  snapshot(id: string, disks: readonly number[]): void {
    if (this.#snapshots.has(id)) throw new SlipwayError("exists", "The instance has a snapshot with this id already.", { field: "snapshotId" });
    if (this.system === null) throw new SlipwayError("conflict", "The instance has no disk 0 on this node.", { field: "disks" });
    this.#snapshots.set(id, { system: this.system, disks });
  }

  restore(id: string, disks: readonly number[]): void {
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined) throw new SlipwayError("unknown_object", "The node has no such snapshot of the instance.", { field: "snapshotId" });
    const missing = disks.find((index) => !snapshot.disks.includes(index));
    if (missing !== undefined) throw new SlipwayError("conflict", `The snapshot has no disk ${String(missing)}.`, { field: "disks" });
    if (disks.includes(0)) this.system = snapshot.system;
  }

  deleteSnapshot(id: string): void {
    this.#snapshots.delete(id);
  }

  #keep(id: string, retainSeconds: number): void {
    if (this.system !== null) this.#kept.set(id, { system: this.system, until: Date.now() + retainSeconds * 1_000 });
  }
}
