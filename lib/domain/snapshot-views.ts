/** Copies of a stopped instance's disks, on its node. */
export const SNAPSHOTS_PER_INSTANCE = 32;

/** As a file is called, without what a shell or a path could take for something else. */
export const SNAPSHOT_NAME = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;

export interface SnapshotView {
  readonly id: string;
  readonly name: string;
  readonly disks: readonly { readonly index: number; readonly sizeMib: number }[];
  /** What it takes on the node by itself, as of when it was made; null: it is being made. */
  readonly usedMib: number | null;
  readonly createdBy: string;
  readonly createdAt: string;
}
