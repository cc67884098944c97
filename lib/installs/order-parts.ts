/** What an install's order and its node need that isn't in the plan, by the kind of its job. One that needs nothing more has NO_PARTS. */
import type { ExportFile } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { filesOfExport } from "#lib/exports/files-of-export.ts";
import { makeHostTar } from "#lib/os-definitions/definition-tars.ts";
import type { LoadedInstall } from "./load-install.ts";
import { readPlan } from "./stored.ts";

export interface OrderParts {
  /** The definition's whole folder as a blob, where a script runs on the host. */
  readonly hostDigest: string | null;
  /** The name that the instance is to have; null: the one that it has. */
  readonly name: string | null;
  /** rename: the name until now. */
  readonly oldName: string | null;
  readonly exportId: string | null;
  readonly importFiles: readonly ExportFile[];
}

const NO_PARTS: Omit<OrderParts, "hostDigest"> = { name: null, oldName: null, exportId: null, importFiles: [] };

/** Makes or finds them. What the node must have before the order is brought there by bring-contents.ts. */
export async function orderParts(services: Services, install: LoadedInstall): Promise<OrderParts> {
  const { db, config } = services;
  const onHost = readPlan(install.plan).runs.some(({ place }) => place === "host");
  const hostDigest = onHost && install.definitionVersion !== null ? await makeHostTar(db, config.paths.blobs, install.definitionVersion.id) : null;
  return { hostDigest, ...(await partsOfKind(services, install)) };
}

async function partsOfKind({ db }: Services, { job, instance }: LoadedInstall): Promise<Omit<OrderParts, "hostDigest">> {
  const request = jobRequestSchema.parse(job.request);
  switch (request.kind) {
    case "instance.rename":
      return { ...NO_PARTS, name: request.newName, oldName: instance.name };
    case "instance.export":
      return { ...NO_PARTS, exportId: request.exportId };
    case "instance.import":
      return { ...NO_PARTS, exportId: request.exportId, importFiles: await filesOfExport(db, request.exportId) };
    case "instance.create":
    case "instance.reinstall":
    case "instance.rollback":
    case "instance.snapshot":
    case "instance.power":
    case "instance.delete":
    case "on-record":
      return NO_PARTS;
  }
}
