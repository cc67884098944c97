import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { bringExportFiles } from "#lib/exports/bring-files.ts";
import type { LoadedInstall } from "./load-install.ts";
import { neededBlobs } from "./build-order.ts";

/** Everything that the node must have before the order goes out. Can be begun again: what is there isn't sent twice. */
export async function bringContents(services: Services, install: LoadedInstall, order: InstallOrder, signal: AbortSignal): Promise<void> {
  await services.agents.pushBlobs(install.nodeId, neededBlobs(order), signal);
  if (order.operation === "import" && order.exportId !== null) await bringExportFiles(services, { jobId: install.jobId, exportId: order.exportId, nodeId: install.nodeId, files: order.importFiles }, signal);
}
