import type { JobRequest } from "#lib/domain/job-request.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { keepParameters } from "../keep-parameters.ts";
import { keepPreviousSystem } from "../keep-previous-system.ts";
import type { EndedInstall, EndOfKind } from "./install-end.ts";
import { powerIs, withoutSuccess } from "./install-end.ts";

/** What ran is what is kept, and what is known of the system before goes with its disks. */
export function endOfReinstall(request: JobRequest & { readonly kind: "instance.reinstall" }, ended: EndedInstall): EndOfKind {
  const { install, end } = ended;
  const { start, before, definitionId, variant, source } = request;
  return {
    instance:
      end.state === "done"
        ? { installState: end.state, ...powerIs(start ?? before.adminState === "running"), definitionId, variant, installSource: toJson(source) }
        : withoutSuccess(ended, before),
    onDone: async (tx, keyring) => {
      await keepPreviousSystem(tx, install, before);
      await keepParameters(tx, keyring, install);
      return [];
    },
    result: () => null,
  };
}
