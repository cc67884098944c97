import type { ExportManifest } from "./export-manifest.ts";

/** Kept at a time: each takes room on its node until somebody deletes it. */
export const EXPORTS_PER_INSTANCE = 32;

/** What an instance's export has made, on the node that keeps it. It outlives the instance. */
export interface ExportSummary {
  readonly id: string;
  /** As the instance was called. */
  readonly instanceName: string;
  /** Name of who may use it beside administrators; null: they alone. */
  readonly owner: string | null;
  readonly node: string;
  readonly osType: string;
  readonly sizeBytes: number;
  readonly createdBy: string;
  readonly createdAt: string;
}

export interface ExportView extends ExportSummary {
  readonly manifest: ExportManifest;
}
