import type { JobRequest } from "#lib/domain/job-request.ts";
import { keepParameters } from "../keep-parameters.ts";
import type { EndedInstall, EndOfKind } from "./install-end.ts";
import { powerIs } from "./install-end.ts";

/** A new instance is there; one whose install failed is there too, stopped, to be reinstalled or deleted. An import is a creation. */
export function endOfCreate(request: JobRequest & { readonly kind: "instance.create" | "instance.import" }, { install, end }: EndedInstall): EndOfKind {
  return {
    instance: { installState: end.state, ...powerIs(end.state === "done" && request.start) },
    onDone: async (tx, keyring) => {
      await keepParameters(tx, keyring, install);
      return [];
    },
    result: (node) => [node],
  };
}
