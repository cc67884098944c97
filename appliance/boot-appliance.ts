/** Starts the built appliance under QEMU by itself, for tests: as appliance/README.md, "Booting it", without an agent. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const COMMAND_LINE = "console=ttyS0 quiet panic=-1 cryptomgr.notests mitigations=off lsm= audit=0 no_timer_check initcall_blacklist=crypto_kdf108_init,init_kprobe_trace";

export interface ApplianceBoot {
  /** With kernel, initrd and root.squashfs. */
  readonly folder: string;
  /** Files of the instance's disks, in their order. */
  readonly disks: readonly string[];
  /** Of the host on loopback; null: no channel. */
  readonly port: number | null;
  /** Arguments for the kernel. */
  readonly commandLine?: string;
}

export interface RunningAppliance {
  /** What the serial console has shown. */
  readonly console: () => string;
  readonly type: (text: string) => void;
  /** Resolves once the console has shown this. */
  readonly saw: (text: string) => Promise<void>;
  /** Resolves when the machine is off. */
  readonly off: Promise<void>;
  readonly kill: () => void;
}

export function bootAppliance({ folder, disks, port, commandLine = "" }: ApplianceBoot): RunningAppliance {
  const drive = (file: string, serial: string, more: string): string[] => [
    ...["-drive", `file=${file},if=none,id=${serial},format=raw,${more}`],
    ...["-device", `virtio-blk-pci,drive=${serial},serial=${serial}`],
  ];
  const forward = `guestfwd=tcp:169.254.169.254:80-cmd:socat -t10 STDIO,,shut-down TCP:127.0.0.1:${String(port)}`;
  const child = spawn("qemu-system-x86_64", [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
    ...["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "Nehalem-v1,+rdrand", "-smp", "2", "-m", "512"],
    ...["-sandbox", "on,obsolete=deny,resourcecontrol=deny"],
    ...["-kernel", join(folder, "kernel"), "-initrd", join(folder, "initrd"), "-append", `${COMMAND_LINE} ${commandLine}`],
    ...disks.flatMap((file, index) => drive(file, `disk-${String(index)}`, "cache=unsafe,discard=unmap")),
    ...drive(join(folder, "root.squashfs"), "appliance-root", "readonly=on"),
    ...(port === null ? ["-nic", "none"] : ["-netdev", `user,id=channel,restrict=on,ipv6=off,net=169.254.0.0/16,host=169.254.169.253,dns=169.254.169.252,dhcpstart=169.254.0.10,${forward}`, "-device", "virtio-net-pci,netdev=channel,romfile="]),
  ]);
  let shown = "";
  const waiting = new Map<string, () => void>();
  const show = (chunk: Buffer): void => {
    shown += chunk.toString("utf8");
    for (const [text, tell] of waiting) if (shown.includes(text)) tell();
  };
  child.stdout.on("data", show);
  child.stderr.on("data", show);
  return {
    console: () => shown,
    type: (text) => child.stdin.write(text),
    saw: (text) => (shown.includes(text) ? Promise.resolve() : new Promise((resolve) => waiting.set(text, resolve))),
    off: new Promise((resolve) => child.once("close", () => resolve())),
    kill: () => child.kill("SIGKILL"),
  };
}
