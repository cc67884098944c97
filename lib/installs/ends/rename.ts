import type { JobRequest } from "#lib/domain/job-request.ts";
import { logJob } from "#lib/jobs/log-job.ts";
import { keepPreviousSystem } from "../keep-previous-system.ts";
import type { EndedInstall, EndOfKind } from "./install-end.ts";
import { powerIs, withoutSuccess } from "./install-end.ts";

/** The instance has its new name once the script has said that its system has it. Parameters stay as they are: the system wasn't made anew. */
export function endOfRename(request: JobRequest & { readonly kind: "instance.rename" }, ended: EndedInstall): EndOfKind {
  const { install, end } = ended;
  const { newName, before } = request;
  return {
    instance: end.state === "done" ? { installState: end.state, ...powerIs(before.adminState === "running") } : withoutSuccess(ended, before),
    onDone: async (tx) => {
      await keepPreviousSystem(tx, install, before);
      // Reserved since the job was accepted; an import from Ganeti asks nobody.
      if ((await tx.instance.count({ where: { name: newName } })) > 0) {
        await logJob(tx, install.jobId, 0, `Another instance is called ${newName} by now: the system has that name, and the instance keeps its own.`);
        return [];
      }
      const { name, ownerId } = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { name: true, ownerId: true } });
      await tx.instance.update({ where: { id: install.instanceId }, data: { name: newName }, select: { id: true } });
      return [{ payload: { type: "instance.deleted", name }, ownerId }];
    },
    result: () => newName,
  };
}
