import { describe, expect, test } from "vitest";
import type { GuestPlan } from "./hypervisor.ts";
import { startCommand } from "./qemu.ts";
import { qemuArguments } from "./qemu-arguments.ts";

const instance: GuestPlan = {
  kind: "instance",
  id: "8e9a8a7e-7d4c-4c9c-9d52-1a2b3c4d5e6f",
  folder: "/data/instances/8e9a8a7e-7d4c-4c9c-9d52-1a2b3c4d5e6f",
  vcpus: 2,
  memoryMib: 512,
  boot: null,
  startsFrom: "disk",
  media: [],
  disks: [{ file: "disk-0", serial: "disk-0", readOnly: false, unsafeCache: false }],
  key: "8e9a8a7e-7d4c-4c9c-9d52-1a2b3c4d5e6f",
  nics: [{ mac: "aa:00:00:12:34:56", link: { kind: "closed" } }],
  channel: null,
  datasource: "openstack",
};
const appliance: GuestPlan = { ...instance, kind: "appliance", boot: { kernel: "../../blobs/k", initrd: "../../blobs/i", commandLine: "quiet" }, nics: [], channel: { kind: "session" } };
const withTaps: GuestPlan = {
  ...instance,
  nics: [{ mac: "aa:00:00:12:34:56", link: { kind: "tap", fd: 10 } }],
  channel: { kind: "tap", fd: 11, mac: "02:5c:a9:fe:00:02" },
};

describe("QEMU's arguments", () => {
  test("never hold the folder, and keep sockets short", () => {
    for (const plan of [instance, appliance]) expect(qemuArguments(plan, "tcg").join(" ")).not.toContain("/data");
  });

  test("close an instance's networks and leave guest memory out of core dumps", () => {
    const args = qemuArguments(instance, "tcg");
    expect(args).toContain("user,id=nic0,restrict=on,ipv6=off");
    expect(args.join(" ")).toContain("dump-guest-core=off");
    expect(args.join(" ")).not.toContain("guestfwd");
  });

  test("have an installer told that the node's disk is full, and an installed system wait", () => {
    for (const [plan, isTold] of [[appliance, true], [instance, false]] as const) expect(qemuArguments(plan, "tcg").join(" ").includes("werror=report")).toBe(isTold);
  });

  test("allow programs to be started only where the channel needs it", () => {
    const sandbox = (plan: GuestPlan): string | undefined => {
      const args = qemuArguments(plan, "tcg");
      return args[args.indexOf("-sandbox") + 1];
    };
    expect(sandbox(instance)).toBe("on,obsolete=deny,resourcecontrol=deny,elevateprivileges=deny,spawn=deny");
    expect(sandbox(appliance)).toBe("on,obsolete=deny,resourcecontrol=deny");
    expect(sandbox(withTaps)).toBe("on,obsolete=deny,resourcecontrol=deny,elevateprivileges=deny,spawn=deny");
  });

  test("give the appliance a kernel, the channel as its last network, and no second start", () => {
    const args = qemuArguments(appliance, "tcg");
    expect(args).toContain("-no-reboot");
    expect(args.at(-1)).toContain("netdev=channel");
    expect(args[args.indexOf("-kernel") + 1]).toBe("../../blobs/k");
  });

  test("forward ports of loopback to a network that is closed otherwise, each NIC's its own", () => {
    const forwards = [
      { guestPort: 22, hostPort: 20_022 },
      { guestPort: 443, hostPort: 20_443 },
    ];
    const nics = [
      { mac: "aa:00:00:12:34:56", link: { kind: "closed" } },
      { mac: "aa:00:00:12:34:57", link: { kind: "user", forwards } },
    ] as const;
    const args = qemuArguments({ ...instance, nics }, "tcg");
    expect(args).toContain("user,id=nic1,restrict=on,ipv6=off,net=10.0.3.0/24,dhcpstart=10.0.3.15,hostfwd=tcp:127.0.0.1:20022-10.0.3.15:22,hostfwd=tcp:127.0.0.1:20443-10.0.3.15:443");
  });

  test("give a guest its TAPs by their descriptors, the channel last", () => {
    const args = qemuArguments(withTaps, "tcg");
    expect(args.filter((arg) => arg.startsWith("tap,"))).toEqual(["tap,id=nic0,fd=10,vhost=off", "tap,id=channel,fd=11,vhost=off"]);
    expect(args.at(-1)).toBe("virtio-net-pci,netdev=channel,mac=02:5c:a9:fe:00:02,romfile=,bus=channel-port,acpi-index=1");
  });

  test("tell an instance with a channel where its metadata are, and no other guest", () => {
    const identity = (plan: GuestPlan): string[] => {
      const args = qemuArguments(plan, "tcg");
      return args.slice(args.indexOf("-uuid"), args.indexOf("-sandbox"));
    };
    const { id } = instance;
    const ec2 = `ec2${id.slice(3)}`;
    expect(identity({ ...withTaps, datasource: "openstack" })).toEqual(["-uuid", id, "-smbios", `type=1,manufacturer=OpenStack Foundation,product=OpenStack Nova,uuid=${id}`]);
    expect(identity({ ...withTaps, datasource: "ec2" })).toEqual(["-uuid", ec2, "-smbios", `type=1,manufacturer=Amazon EC2,uuid=${ec2},serial=${ec2}`]);
    for (const plan of [{ ...withTaps, datasource: "none" } as const, instance, appliance]) expect(identity(plan)).toEqual(["-uuid", id]);
  });

  test("start a medium's guest from what it is told, then from an empty disk's neighbours, and end it where it would start again", () => {
    const plan: GuestPlan = {
      ...instance,
      kind: "medium",
      startsFrom: "cdrom",
      media: [
        { device: "cdrom", bus: "ide", file: "media/cdrom_image_path" },
        { device: "cdrom", bus: "ide", file: "media/cdrom2_image_path" },
        { device: "floppy", file: "media/floppy_image_path" },
      ],
    };
    const devices = (from: GuestPlan): string[] => qemuArguments(from, "tcg").filter((arg) => arg.includes("bootindex"));
    expect(devices(plan)).toEqual([
      "virtio-blk-pci,drive=disk0,serial=disk-0,bootindex=100,werror=report,rerror=report",
      "isa-fdc,id=floppies,bootindexA=202",
      "ide-cd,bus=ide.0,drive=medium0,bootindex=0",
      "ide-cd,bus=ide.1,drive=medium1,bootindex=1",
    ]);
    expect(devices({ ...plan, startsFrom: "network", media: [] })).toEqual(["virtio-blk-pci,drive=disk0,serial=disk-0,bootindex=100,werror=report,rerror=report", "virtio-net-pci,netdev=nic0,mac=aa:00:00:12:34:56,bootindex=0"]);
    expect(qemuArguments(plan, "tcg")).toContain("-no-reboot");
    expect(qemuArguments(instance, "tcg")).not.toContain("-no-reboot");
    expect(qemuArguments(plan, "tcg").filter((arg) => arg.startsWith("driver=raw,node-name=medium")).every((arg) => arg.includes("read-only=on"))).toBe(true);
  });

  test("give a medium's kernel its line as one argument, whatever is in it", () => {
    const args = qemuArguments({ ...instance, kind: "medium", boot: { kernel: "media/kernel_path", initrd: null, commandLine: "a=b,c -drive file=/etc/passwd" } }, "tcg");
    expect(args[args.indexOf("-append") + 1]).toBe("a=b,c -drive file=/etc/passwd");
    expect(args).not.toContain("-initrd");
    expect(args.join(" ")).not.toContain("bootindex");
  });

  test("refuse names that would mean something to QEMU", () => {
    const disk = { serial: "disk-0", readOnly: false, unsafeCache: false };
    for (const file of ["a,readonly=off", "-drive", "a b", "json:{}", ""]) {
      expect(() => qemuArguments({ ...instance, disks: [{ ...disk, file }] }, "tcg")).toThrow();
    }
    expect(() => qemuArguments({ ...instance, nics: [{ mac: "aa:00:00:12:34:56,romfile=x", link: { kind: "closed" } }] }, "tcg")).toThrow();
  });
});

describe("the command that starts a guest", () => {
  const launcher = { socket: "/run/slipway/helper.sock", program: "/usr/lib/slipway/slipway-launch" };

  test("goes by the launcher where the guest has TAPs, and only there", () => {
    expect(startCommand(instance, ["-m", "1"], launcher)).toEqual(["prlimit", "--core=0", "--", "qemu-system-x86_64", "-m", "1"]);
    expect(startCommand(withTaps, ["-m", "1"], launcher)).toEqual([launcher.program, "--helper", launcher.socket, "--guest", withTaps.key, "--", "prlimit", "--core=0", "--", "qemu-system-x86_64", "-m", "1"]);
    expect(() => startCommand(withTaps, [], null)).toThrow("launcher");
  });
});
