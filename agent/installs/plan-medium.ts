import type { InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Medium } from "#lib/domain/install-source.ts";
import type { BootDevice, GuestKernel, GuestMedium, GuestPlan } from "../hypervisor/hypervisor.ts";
import { diskSerial } from "../metadata/documents.ts";
import type { GuestNetwork } from "../network/guest-network.ts";
import type { WorkDisk } from "./work-disks.ts";

type CdromBus = Extract<GuestMedium, { device: "cdrom" }>["bus"];

/** Ganeti's names for the bus of a CD-ROM drive, as far as this machine type has it. */
const CDROM_BUSES: ReadonlyMap<string, CdromBus> = new Map([
  ["ide", "ide"],
  ["ioemu", "ide"],
  ["scsi", "scsi"],
  ["paravirtual", "virtio"],
]);

/** What a medium can't be used for here, with its field; null: nothing. */
export function mediumProblem({ medium, instance }: Pick<InstallOrder, "medium"> & { readonly instance: Pick<InstanceSpec, "nics"> }): SlipwayError | null {
  const bus = medium["cdrom_disk_type"];
  if (bus !== undefined && !CDROM_BUSES.has(bus)) return new SlipwayError("unsupported", "The machine has no CD-ROM drive of that kind: ide, ioemu, scsi and paravirtual there are.", { field: "medium.cdrom_disk_type" });
  if (medium["boot_order"] === "network" && instance.nics.length === 0) return new SlipwayError("unsupported", "The instance has no network interface to start from.", { field: "medium.boot_order" });
  if (medium["kernel_path"] === undefined && medium["initrd_path"] !== undefined) return new SlipwayError("invalid", "An initial RAM disk needs a kernel beside it.", { field: "medium.kernel_path" });
  return null;
}

/** Where the firmware begins: as the medium says, or from what it brings. */
function startsFrom(medium: Medium): BootDevice {
  switch (medium["boot_order"]) {
    case "cdrom":
    case "floppy":
    case "network":
    case "disk":
      return medium["boot_order"];
    default:
      if (medium["cdrom_image_path"] !== undefined) return "cdrom";
      return medium["floppy_image_path"] === undefined ? "disk" : "floppy";
  }
}

/** The kernel's line: where its root is, what was asked for, and the serial console, which every instance has. */
function kernelOf(medium: Medium, files: ReadonlyMap<string, string>): GuestKernel | null {
  const kernel = files.get("kernel_path");
  if (kernel === undefined) return null;
  const [root, line] = [medium["root_path"], medium["kernel_args"]];
  const parts = [root === undefined ? null : `root=${root} ro`, line ?? null, line?.includes("console=") === true ? null : "console=ttyS0"];
  return { kernel, initrd: files.get("initrd_path") ?? null, commandLine: parts.filter((part) => part !== null).join(" ") };
}

function mediaOf(medium: Medium, files: ReadonlyMap<string, string>): GuestMedium[] {
  const bus = CDROM_BUSES.get(medium["cdrom_disk_type"] ?? "ide") ?? "ide";
  const media: GuestMedium[] = [];
  for (const name of ["cdrom_image_path", "cdrom2_image_path"]) {
    const file = files.get(name);
    if (file !== undefined) media.push({ device: "cdrom", bus, file });
  }
  const floppy = files.get("floppy_image_path");
  if (floppy !== undefined) media.push({ device: "floppy", file: floppy });
  return media;
}

export interface MediumParts {
  readonly folder: string;
  readonly spec: InstanceSpec;
  readonly medium: Medium;
  /** Its files by installation parameter, relative to `folder`. */
  readonly files: ReadonlyMap<string, string>;
  readonly disks: readonly WorkDisk[];
}

/** The instance's machine as it runs from its install medium, on the disk that becomes its own. */
export function planMedium({ folder, spec, medium, files, disks }: MediumParts, { nics, channel }: GuestNetwork): GuestPlan {
  return {
    kind: "medium",
    id: spec.id,
    folder,
    key: spec.id,
    vcpus: spec.vcpus,
    memoryMib: spec.memoryMib,
    boot: kernelOf(medium, files),
    startsFrom: startsFrom(medium),
    media: mediaOf(medium, files),
    // The agent makes the disk durable before it becomes the instance's own; until then it may be lost.
    disks: disks.map(({ index, file }) => ({ file, serial: diskSerial(index), readOnly: false, unsafeCache: true })),
    nics,
    channel,
    datasource: spec.datasource,
  };
}
