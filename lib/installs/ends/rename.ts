import type { JobRequest } from "#lib/domain/job-request.ts";
import { keepPreviousSystem } from "../keep-previous-system.ts";
import type { EndedInstall, EndOfKind } from "./install-end.ts";
import { powerIs, withoutSuccess } from "./install-end.ts";

/** The instance has its new name once the script has said that its system has it. Parameters stay as they are: the system wasn't made anew. */
export function endOfRename(request: JobRequest & { readonly kind: "instance.rename" }, ended: EndedInstall): EndOfKind {
  const { install, end } = ended;
  const { newName, before } = request;
  return {
    instance: end.state === "done" ? { name: newName, installState: end.state, ...powerIs(before.adminState === "running") } : withoutSuccess(ended, before),
    onDone: async (tx) => {
      await keepPreviousSystem(tx, install, before);
      return [];
    },
    result: () => newName,
  };
}
