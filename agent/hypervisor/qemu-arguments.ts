import { RUN_FOLDER } from "./guest-folder.ts";
import type { GuestDisk, GuestPlan } from "./hypervisor.ts";
import { channelArguments, nicArguments } from "./network-arguments.ts";
import { identityArguments } from "./identity-arguments.ts";

/**
 * What the appliance's kernel is told (appliance/README.md, "Booting it"). There is nothing in it to be kept apart by
 * mitigations: one script, as root. Emulated, they are a third of its boot.
 */
const APPLIANCE_COMMAND_LINE = [
  "console=ttyS0 quiet panic=-1 cryptomgr.notests mitigations=off lsm= audit=0 no_timer_check",
  "initcall_blacklist=crypto_kdf108_init,init_kprobe_trace",
].join(" ");

/** Sockets and files of a running guest, relative to its folder. */
export const GUEST_FILES = {
  qmp: `${RUN_FOLDER}/qmp.sock`,
  serial: `${RUN_FOLDER}/serial.sock`,
  pid: `${RUN_FOLDER}/qemu.pid`,
  log: `${RUN_FOLDER}/qemu.log`,
} as const;

/**
 * What may stand in QEMU's comma-separated options: no comma, no equals sign, nothing that a shell or QEMU gives a meaning.
 * Paths are relative to the guest's folder, so the folder's own name never gets here.
 */
function checked(text: string): string {
  if (!/^[A-Za-z0-9._/-]+$/.test(text) || text.startsWith("-")) throw new Error("a name can't stand among QEMU's options");
  return text;
}

function diskArguments(disk: GuestDisk, index: number, startsFromDisk: boolean): string[] {
  const node = `disk${String(index)}`;
  const backend = [
    "driver=raw",
    `node-name=${node}`,
    `read-only=${disk.readOnly ? "on" : "off"}`,
    "discard=unmap",
    `cache.no-flush=${disk.unsafeCache ? "on" : "off"}`,
    "file.driver=file",
    `file.filename=${checked(disk.file)}`,
  ];
  const order = startsFromDisk ? [`bootindex=${String(index)}`] : [];
  const device = ["virtio-blk-pci", `drive=${node}`, `serial=${checked(disk.serial)}`, ...order];
  return ["-blockdev", backend.join(","), "-device", device.join(",")];
}

/**
 * The processor that a guest sees. Emulated, every feature costs: five-level page tables slow each access down, and the appliance,
 * which ends in seconds, boots quickest on an old one. An installed system gets whatever it may have been built for.
 */
function processor(plan: GuestPlan, accelerator: "kvm" | "tcg"): string {
  if (accelerator === "kvm") return "host";
  // Without rdrand the kernel waits for randomness.
  return plan.kind === "appliance" ? "Nehalem-v1,+rdrand" : "max,la57=off";
}

function sandbox(plan: GuestPlan): string {
  // A channel of QEMU's own network starts a program for each connection.
  const spawn = plan.channel?.kind === "session" ? "" : ",elevateprivileges=deny,spawn=deny";
  return `on,obsolete=deny,resourcecontrol=deny${spawn}`;
}

/**
 * QEMU's arguments for a guest (design: machine, "Machine type", "QEMU's privileges"): q35, nothing by default, the instance's
 * NICs and after them its channel, monitor and serial console on sockets of the guest's folder, guest memory left out of core
 * dumps. Pure; QEMU must be started in `plan.folder`.
 */
export function qemuArguments(plan: GuestPlan, accelerator: "kvm" | "tcg"): string[] {
  const boot =
    plan.boot === null
      ? []
      : ["-kernel", checked(plan.boot.kernel), "-initrd", checked(plan.boot.initrd), "-append", APPLIANCE_COMMAND_LINE];
  const entropy = plan.kind === "instance" ? ["-object", "rng-builtin,id=entropy", "-device", "virtio-rng-pci,rng=entropy"] : [];
  return [
    "-nodefaults",
    "-no-user-config",
    ...["-display", "none"],
    ...["-machine", `q35,accel=${accelerator},dump-guest-core=off,usb=off,vmport=off`],
    ...["-cpu", processor(plan, accelerator)],
    ...["-smp", String(plan.vcpus)],
    ...["-m", String(plan.memoryMib)],
    ...identityArguments(plan),
    ...["-sandbox", sandbox(plan)],
    ...["-pidfile", GUEST_FILES.pid],
    // The monitor before the console: when the console's connection comes in, the monitor already listens.
    ...["-chardev", `socket,id=qmp,path=${GUEST_FILES.qmp},server=on,wait=off`, "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", `socket,id=serial,path=${GUEST_FILES.serial},reconnect=1`, "-serial", "chardev:serial"],
    ...boot,
    // An appliance that panics has failed; it must not start over.
    ...(plan.kind === "appliance" ? ["-no-reboot"] : []),
    ...plan.disks.flatMap((disk, index) => diskArguments(disk, index, plan.boot === null)),
    ...entropy,
    ...plan.nics.flatMap(nicArguments),
    ...(plan.channel === null ? [] : channelArguments(plan.channel, plan.kind)),
  ];
}
