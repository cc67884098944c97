import { RUN_FOLDER } from "./guest-folder.ts";
import type { GuestDisk, GuestKernel, GuestPlan } from "./hypervisor.ts";
import { bootRanks, mediumArguments } from "./medium-arguments.ts";
import { checkedName } from "./checked-name.ts";
import { channelArguments, nicArguments } from "./network-arguments.ts";
import { identityArguments } from "./identity-arguments.ts";

/**
 * What the appliance's kernel is told (appliance/README.md, "Booting it"). There is nothing in it to be kept apart by
 * mitigations: one script, as root. Emulated, they are a third of its boot.
 */
export const APPLIANCE_COMMAND_LINE = [
  "console=ttyS0 quiet panic=-1 cryptomgr.notests mitigations=off lsm= audit=0 no_timer_check",
  "initcall_blacklist=crypto_kdf108_init,init_kprobe_trace",
].join(" ");

/** With this its runner gives a shell on the serial console and asks for no work. */
export const RESCUE_COMMAND_LINE = `${APPLIANCE_COMMAND_LINE} slipway.rescue`;

/** Sockets and files of a running guest, relative to its folder. */
export const GUEST_FILES = {
  qmp: `${RUN_FOLDER}/qmp.sock`,
  serial: `${RUN_FOLDER}/serial.sock`,
  pid: `${RUN_FOLDER}/qemu.pid`,
  log: `${RUN_FOLDER}/qemu.log`,
} as const;

/**
 * What becomes of a write for which the node has no room: an installed system waits for somebody to make some, as QEMU has it by default.
 * What installs one would wait until its time is up; it is told, and fails.
 */
function onError(plan: GuestPlan): string[] {
  return plan.kind === "appliance" || plan.kind === "medium" ? ["werror=report", "rerror=report"] : [];
}

function diskArguments(disk: GuestDisk, index: number, rank: number | null, whenFull: readonly string[]): string[] {
  const node = `disk${String(index)}`;
  const backend = [
    "driver=raw",
    `node-name=${node}`,
    `read-only=${disk.readOnly ? "on" : "off"}`,
    "discard=unmap",
    `cache.no-flush=${disk.unsafeCache ? "on" : "off"}`,
    "file.driver=file",
    `file.filename=${checkedName(disk.file)}`,
  ];
  const order = rank === null ? [] : [`bootindex=${String(rank + index)}`];
  const device = ["virtio-blk-pci", `drive=${node}`, `serial=${checkedName(disk.serial)}`, ...order, ...whenFull];
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

/** The line is an argument of its own: nothing in it has a meaning for QEMU. */
function kernelArguments({ kernel, initrd, commandLine }: GuestKernel): string[] {
  return ["-kernel", checkedName(kernel), ...(initrd === null ? [] : ["-initrd", checkedName(initrd)]), "-append", commandLine];
}

/**
 * QEMU's arguments for a guest (design: machine, "Machine type", "QEMU's privileges"): q35, nothing by default, the instance's
 * NICs and after them its channel, monitor and serial console on sockets of the guest's folder, guest memory left out of core
 * dumps. Pure; QEMU must be started in `plan.folder`.
 */
export function qemuArguments(plan: GuestPlan, accelerator: "kvm" | "tcg"): string[] {
  const boot = plan.boot === null ? [] : kernelArguments(plan.boot);
  const ranks = bootRanks(plan);
  const entropy = plan.kind !== "appliance" ? ["-object", "rng-builtin,id=entropy", "-device", "virtio-rng-pci,rng=entropy"] : [];
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
    // An appliance that panics has failed; it must not start over. A medium that has done its work would begin it again.
    ...(plan.kind === "instance" ? [] : ["-no-reboot"]),
    ...plan.disks.flatMap((disk, index) => diskArguments(disk, index, ranks?.disk ?? null, onError(plan))),
    ...mediumArguments(plan.media, ranks),
    ...entropy,
    ...plan.nics.flatMap((nic, index) => nicArguments(nic, index, ranks?.fromNetwork === true ? ranks.network : null)),
    ...(plan.channel === null ? [] : channelArguments(plan.channel, plan.kind === "appliance" ? "appliance" : "instance")),
  ];
}
