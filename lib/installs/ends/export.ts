import type { JobRequest } from "#lib/domain/job-request.ts";
import type { EndOfKind } from "./install-end.ts";

/** The instance is as it was, whatever came of its export. */
export function endOfExport({ before }: JobRequest & { readonly kind: "instance.export" }): EndOfKind {
  return {
    instance: { installState: before.installState, adminState: before.adminState },
    onDone: () => Promise.resolve([]),
    result: () => null,
  };
}
