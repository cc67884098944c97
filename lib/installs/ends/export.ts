import type { JobRequest } from "#lib/domain/job-request.ts";
import { recordExport } from "#lib/exports/record-export.ts";
import type { EndedInstall, EndOfKind } from "./install-end.ts";

/** The instance is as it was, whatever came of its export. */
export function endOfExport({ before, exportId }: JobRequest & { readonly kind: "instance.export" }, { install }: EndedInstall): EndOfKind {
  return {
    instance: { installState: before.installState, adminState: before.adminState },
    onDone: async (tx) => {
      await recordExport(tx, install, exportId);
      return [];
    },
    result: () => exportId,
  };
}
