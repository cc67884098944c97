import { relative } from "node:path";
import type { ApplianceRef, InstallOrder } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ChannelLink, GuestDisk, GuestPlan } from "../hypervisor/hypervisor.ts";
import { APPLIANCE_COMMAND_LINE } from "../hypervisor/qemu-arguments.ts";
import { diskSerial, IMAGE_SERIAL, needsFullAppliance, ROOT_SERIAL } from "../metadata/documents.ts";
import type { ApplianceRun } from "./appliance-run.ts";
import type { Install } from "./install.ts";

/** What the helper calls an install's appliances, which run one after the other: never what it calls the instance. */
export function applianceKey(installId: string): string {
  return `install-${installId}`;
}

/** The appliance of an order of which something runs in one. */
export function applianceOf({ appliance }: InstallOrder): ApplianceRef {
  if (appliance === null) throw new SlipwayError("invalid", "The order names no appliance, and needs one.", { field: "appliance" });
  return appliance;
}

/** How the appliance runs: from the order's kernel, on the disks of its work, with nothing but its channel. */
export function planAppliance({ id, order, instance, context }: Install, run: ApplianceRun, channel: ChannelLink | null): GuestPlan {
  const appliance = applianceOf(order);
  // Relative to the guest's folder: QEMU works there, and its options then hold names that are known to be harmless.
  const blob = (digest: string): string => relative(run.folder, context.blobs.path(digest));
  const readOnly = (digest: string | null | undefined, serial: string): GuestDisk[] =>
    digest === null || digest === undefined ? [] : [{ file: blob(digest), serial, readOnly: true, unsafeCache: false }];
  return {
    kind: "appliance",
    id: instance.id,
    folder: run.folder,
    key: applianceKey(id),
    vcpus: run.vcpus,
    memoryMib: run.memoryMib,
    boot: { kernel: blob(appliance.kernelDigest), initrd: blob(appliance.initrdDigest), commandLine: APPLIANCE_COMMAND_LINE },
    startsFrom: "disk",
    media: [],
    // The agent makes the new disk durable before the swap; until then it may be lost.
    disks: [
      ...run.disks.map(({ index, file, isReadOnly }): GuestDisk => ({ file, serial: diskSerial(index), readOnly: isReadOnly, unsafeCache: true })),
      ...readOnly(run.script === "personalize" ? null : order.os?.imageDigest, IMAGE_SERIAL),
      ...readOnly(needsFullAppliance(order, run.script) ? appliance.rootDigest : null, ROOT_SERIAL),
    ],
    nics: [],
    channel,
    datasource: "none",
  };
}
