/** The system that an instance's last install replaced, while its disks are kept: what `rollback` brings back. */
export interface PreviousSystemView {
  /** The install that replaced it, or the rollback. */
  readonly keptAs: string;
  /** When the node removes its disks. */
  readonly until: string;
  /** `name+variant`; null: without a definition. */
  readonly osType: string | null;
  /** When the install that had made it ended; null: no longer known. */
  readonly installedAt: string | null;
}
