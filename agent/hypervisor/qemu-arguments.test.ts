import { describe, expect, test } from "vitest";
import type { GuestPlan } from "./hypervisor.ts";
import { qemuArguments } from "./qemu-arguments.ts";

const instance: GuestPlan = {
  kind: "instance",
  id: "8e9a8a7e-7d4c-4c9c-9d52-1a2b3c4d5e6f",
  folder: "/data/instances/8e9a8a7e-7d4c-4c9c-9d52-1a2b3c4d5e6f",
  vcpus: 2,
  memoryMib: 512,
  boot: null,
  disks: [{ file: "disk-0", serial: "disk-0", readOnly: false, unsafeCache: false }],
  nics: [{ mac: "aa:00:00:12:34:56" }],
  channel: false,
};
const appliance: GuestPlan = { ...instance, kind: "appliance", boot: { kernel: "../../blobs/k", initrd: "../../blobs/i" }, nics: [], channel: true };

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

  test("allow programs to be started only where the channel needs it", () => {
    const sandbox = (plan: GuestPlan): string | undefined => {
      const args = qemuArguments(plan, "tcg");
      return args[args.indexOf("-sandbox") + 1];
    };
    expect(sandbox(instance)).toBe("on,obsolete=deny,resourcecontrol=deny,elevateprivileges=deny,spawn=deny");
    expect(sandbox(appliance)).toBe("on,obsolete=deny,resourcecontrol=deny");
  });

  test("give the appliance a kernel, the channel as its last network, and no second start", () => {
    const args = qemuArguments(appliance, "tcg");
    expect(args).toContain("-no-reboot");
    expect(args.at(-1)).toContain("netdev=channel");
    expect(args[args.indexOf("-kernel") + 1]).toBe("../../blobs/k");
  });

  test("refuse names that would mean something to QEMU", () => {
    const disk = { serial: "disk-0", readOnly: false, unsafeCache: false };
    for (const file of ["a,readonly=off", "-drive", "a b", "json:{}", ""]) {
      expect(() => qemuArguments({ ...instance, disks: [{ ...disk, file }] }, "tcg")).toThrow();
    }
    expect(() => qemuArguments({ ...instance, nics: [{ mac: "aa:00:00:12:34:56,romfile=x" }] }, "tcg")).toThrow();
  });
});
