/** An install appliance that the cluster has: what untrusted scripts run in. */
export interface ApplianceView {
  /** sha256 of its manifest, lower-case hex. */
  readonly digest: string;
  readonly name: string;
  /** Which scripts and streams its runner knows: appliance/README.md. */
  readonly contractVersion: number;
  readonly kernelVersion: string;
  /** Whether it has the full userland beside the small one. */
  readonly hasRoot: boolean;
  readonly sizeBytes: number;
  readonly registeredBy: string;
  readonly createdAt: string;
  /** The cluster's installs use it. */
  readonly inUse: boolean;
}
