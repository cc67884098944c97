import { checkedName } from "./checked-name.ts";
import type { BootDevice, GuestMedium, GuestPlan } from "./hypervisor.ts";

/** Devices of one kind follow each other: no guest has more of one. */
const PLACES_EACH = 100;

/** In which order the firmware tries what it finds: QEMU's `bootindex` of the first device of each kind. */
export type BootRanks = Readonly<Record<BootDevice, number>> & {
  /** Whether a network card needs its program to start from. */
  readonly fromNetwork: boolean;
};

/**
 * The firmware's order: what the plan says first, then disk, CD-ROM and floppy, so that an empty disk leads to the medium; the network
 * only where it was asked for. Null: the guest starts with a kernel, and the firmware looks for nothing.
 */
export function bootRanks({ boot, startsFrom }: Pick<GuestPlan, "boot" | "startsFrom">): BootRanks | null {
  if (boot !== null) return null;
  const rest = (["disk", "cdrom", "floppy", "network"] as const).filter((device) => device !== startsFrom);
  const rank = (device: BootDevice): number => (device === startsFrom ? 0 : (1 + rest.indexOf(device)) * PLACES_EACH);
  return { disk: rank("disk"), cdrom: rank("cdrom"), floppy: rank("floppy"), network: rank("network"), fromNetwork: startsFrom === "network" };
}

/** QEMU's arguments for what an instance is installed from (design: install, "install medium"). None of it is written to. */
export function mediumArguments(media: readonly GuestMedium[], ranks: BootRanks | null): string[] {
  const hasScsi = media.some((medium) => medium.device === "cdrom" && medium.bus === "scsi");
  const floppy = media.findIndex(({ device }) => device === "floppy");
  return [
    ...(hasScsi ? ["-device", "virtio-scsi-pci,id=media"] : []),
    // The drive's place in the order is its controller's to know.
    ...(floppy === -1 ? [] : ["-device", `isa-fdc,id=floppies${ranks === null ? "" : `,bootindexA=${String(ranks.floppy + floppy)}`}`]),
    ...media.flatMap((medium, index) => oneMedium(medium, index, ranks)),
  ];
}

function oneMedium(medium: GuestMedium, index: number, ranks: BootRanks | null): string[] {
  const node = `medium${String(index)}`;
  const backend = ["-blockdev", `driver=raw,node-name=${node},read-only=on,file.driver=file,file.filename=${checkedName(medium.file)}`];
  const order = ranks === null || medium.device === "floppy" ? "" : `,bootindex=${String(ranks[medium.device] + index)}`;
  return [...backend, "-device", `${deviceOf(medium, index)},drive=${node}${order}`];
}

function deviceOf(medium: GuestMedium, index: number): string {
  if (medium.device === "floppy") return "floppy,bus=floppies.0,unit=0";
  switch (medium.bus) {
    case "ide":
      return `ide-cd,bus=ide.${String(index)}`;
    case "scsi":
      return "scsi-cd,bus=media.0";
    case "virtio":
      return "virtio-blk-pci";
  }
}
