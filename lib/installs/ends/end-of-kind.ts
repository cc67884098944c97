import type { JobRequest } from "#lib/domain/job-request.ts";
import { endOfCreate } from "./create.ts";
import { endOfExport } from "./export.ts";
import type { EndedInstall, EndOfKind } from "./install-end.ts";
import { endOfReinstall } from "./reinstall.ts";
import { endOfRename } from "./rename.ts";

/** What an install's end means for its instance. */
export function endOfKind(request: JobRequest, ended: EndedInstall): EndOfKind {
  switch (request.kind) {
    case "instance.create":
    case "instance.import":
      return endOfCreate(request, ended);
    case "instance.reinstall":
      return endOfReinstall(request, ended);
    case "instance.rename":
      return endOfRename(request, ended);
    case "instance.export":
      return endOfExport(request, ended);
    case "instance.rollback":
    case "instance.snapshot":
    case "instance.power":
    case "instance.delete":
    case "on-record":
      throw new Error(`a job of kind ${request.kind} has no install`);
  }
}
