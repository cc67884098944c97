import { relative } from "node:path";
import type { ChannelLink, GuestDisk, GuestPlan } from "../hypervisor/hypervisor.ts";
import { diskSerial, IMAGE_SERIAL, ROOT_SERIAL } from "../metadata/documents.ts";
import { newDiskFile } from "./disks.ts";
import type { Install } from "./install.ts";
import type { ApplianceRun } from "./appliance-run.ts";

/** What the helper calls an install's appliances, which run one after the other: never what it calls the instance. */
export function applianceKey(installId: string): string {
  return `install-${installId}`;
}

/** How the appliance runs: from the order's kernel, on the new disks, with nothing but its channel. */
export function planAppliance({ id, order, instance, context }: Install, run: ApplianceRun, channel: ChannelLink | null): GuestPlan {
  // Relative to the guest's folder: QEMU works there, and its options then hold names that are known to be harmless.
  const blob = (digest: string): string => relative(run.folder, context.blobs.path(digest));
  const readOnly = (digest: string | null, serial: string): GuestDisk[] => (digest === null ? [] : [{ file: blob(digest), serial, readOnly: true, unsafeCache: false }]);
  return {
    kind: "appliance",
    id: instance.id,
    folder: run.folder,
    key: applianceKey(id),
    vcpus: run.vcpus,
    memoryMib: run.memoryMib,
    boot: { kernel: blob(order.appliance.kernelDigest), initrd: blob(order.appliance.initrdDigest) },
    // The agent makes the new disk durable before the swap; until then it may be lost.
    disks: [
      ...run.disks.map((index): GuestDisk => ({ file: newDiskFile(index), serial: diskSerial(index), readOnly: false, unsafeCache: true })),
      ...readOnly(order.os.imageDigest, IMAGE_SERIAL),
      ...readOnly(order.os.appliance === "full" ? order.appliance.rootDigest : null, ROOT_SERIAL),
    ],
    nics: [],
    channel,
    datasource: "none",
  };
}
