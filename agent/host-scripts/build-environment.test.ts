import { describe, expect, it } from "vitest";
import { isSealed, privateValue, secretValue } from "#lib/domain/visibility.ts";
import { networkedInstance, TEST_KEY } from "../metadata/testing.ts";
import { exampleOrder } from "../testing/orders.ts";
import { buildHostEnvironment } from "./build-environment.ts";
import { encodeEnvironment } from "./encode-environment.ts";
import { parseScriptMessage, scriptFailure } from "./script-messages.ts";

const instance = networkedInstance();
const [disk] = instance.disks;
const base = exampleOrder();
const order = exampleOrder({
  instance,
  operation: "reinstall",
  os: { ...base.os, variant: "bookworm", imageDigest: "1".repeat(64) },
  parameters: new Map([
    ["dhcp", { visibility: "public", value: "yes" }],
    ["suffix", { visibility: "private", value: privateValue("private-text") }],
    ["root_password", { visibility: "secret", value: secretValue("secret-text") }],
  ]),
});

function plain(input: Partial<Parameters<typeof buildHostEnvironment>[0]> = {}): Record<string, unknown> {
  return Object.fromEntries(buildHostEnvironment({ order, script: "create", disks: [0], disk: null, hasPipe: true, ...input }));
}

describe("the environment of a script on the host", () => {
  it("is Ganeti's, as in the appliance, with the disks as files", () => {
    const { OSP_DHCP: dhcp, OSP_SUFFIX: suffix, OSP_ROOT_PASSWORD: password, ...rest } = plain();
    expect([dhcp, isSealed(suffix), isSealed(password)]).toEqual(["yes", true, true]);
    expect(rest).toEqual({
      PATH: "/sbin:/bin:/usr/sbin:/usr/bin",
      OS_API_VERSION: "20",
      DEBUG_LEVEL: "0",
      OS_NAME: "debian",
      OS_VARIANT: "bookworm",
      INSTANCE_OS: "debian+bookworm",
      INSTANCE_NAME: "web1.example.org",
      INSTANCE_UUID: instance.id,
      INSTANCE_PRIMARY_NODE: "node1",
      INSTANCE_SECONDARY_NODES: "",
      HYPERVISOR: "kvm",
      INSTANCE_REINSTALL: "1",
      DISK_0_PATH: "/run/slipway/disks/0",
      DISK_0_ACCESS: "rw",
      DISK_0_SIZE: "2048",
      DISK_0_UUID: disk?.id,
      DISK_0_FRONTEND_TYPE: "paravirtual",
      DISK_0_BACKEND_TYPE: "file:loop",
      DISK_COUNT: "1",
      NIC_0_MAC: "aa:00:00:12:34:56",
      NIC_0_UUID: instance.nics[0]?.id,
      NIC_0_IP: "192.0.2.10",
      NIC_0_MODE: "bridged",
      NIC_0_LINK: "br0",
      NIC_0_BRIDGE: "br0",
      NIC_0_NETWORK_NAME: "lan",
      NIC_0_NETWORK_SUBNET: "192.0.2.0/24",
      NIC_0_NETWORK_GATEWAY: "192.0.2.1",
      NIC_0_NETWORK_SUBNET6: "2001:db8::/64",
      NIC_0_NETWORK_GATEWAY6: "2001:db8::1",
      NIC_0_NETWORK_DNS: "192.0.2.53",
      NIC_0_FRONTEND_TYPE: "paravirtual",
      NIC_1_MAC: "aa:00:00:12:34:57",
      NIC_1_UUID: instance.nics[1]?.id,
      NIC_1_MODE: "user",
      NIC_1_FRONTEND_TYPE: "paravirtual",
      NIC_COUNT: "2",
      INSTANCE_TAGS: "env:prod plain dsmode:local",
      SLIPWAY_SSH_KEYS: `${TEST_KEY} alice@laptop\n${TEST_KEY} alice@laptop`,
      INSTANCE_HV_serial_console: "True",
      INSTANCE_BE_vcpus: "2",
      INSTANCE_BE_memory: "512",
      SLIPWAY_OS_IMAGE: "/run/slipway/image",
      SLIPWAY_PIPE: "/run/slipway/pipe.sock",
    });
  });

  it("says for which disk import and export are called, and that an export only reads", () => {
    expect(plain({ script: "export", disk: 0 })).toMatchObject({ EXPORT_DEVICE: "/run/slipway/disks/0", EXPORT_INDEX: "0", DISK_0_ACCESS: "ro" });
    expect(plain({ script: "import", disk: 0 })).toMatchObject({ IMPORT_DEVICE: "/run/slipway/disks/0", IMPORT_INDEX: "0", DISK_0_ACCESS: "rw" });
    expect(plain()).not.toHaveProperty("EXPORT_DEVICE");
  });

  it("has the old name at a rename alone, and no image, variant or guest where there is none", () => {
    const renamed = { ...order, oldName: "old.example.org", operation: "rename" as const };
    expect(plain({ order: renamed, script: "rename" })).toMatchObject({ OLD_INSTANCE_NAME: "old.example.org" });
    const bare = plain({ order: { ...renamed, os: { ...order.os, variant: null, imageUse: "layer" } }, hasPipe: false });
    for (const name of ["OLD_INSTANCE_NAME", "SLIPWAY_OS_IMAGE", "SLIPWAY_PIPE", "INSTANCE_REINSTALL"]) expect(bare).not.toHaveProperty(name);
    expect(bare["INSTANCE_OS"]).toBe("debian");
  });
});

describe("an environment for the helper", () => {
  it("ends each variable with a NUL, values of all classes among them", () => {
    expect(encodeEnvironment(new Map<string, string | ReturnType<typeof secretValue<string>>>([["A", "1"], ["B", secretValue("two\nlines")]])).toString()).toBe("A=1\0B=two\nlines\0");
  });

  it.each([
    ["a NUL in a value", "OSP_X", "ab\0LD_PRELOAD=x"],
    ["a name that is none", "A B", "x"],
    ["a name with a sign in it", "A=B", "x"],
    ["a value that no variable can hold", "OSP_X", "x".repeat(140_000)],
  ])("refuses %s, and doesn't say the value", (_what, name, value) => {
    expect(() => encodeEnvironment(new Map([[name, secretValue(value)]]))).toThrow(expect.objectContaining({ field: name, message: expect.not.stringContaining(value) as unknown }));
  });
});

describe("what slipway-script says", () => {
  it("is understood as it is written, and nothing else is", () => {
    expect(parseScriptMessage("started")).toEqual({ kind: "started" });
    expect(parseScriptMessage("ended status=137 why=time")).toEqual({ kind: "ended", status: 137, why: "time" });
    expect(parseScriptMessage("error not_allowed host_scripts isn't yes")).toEqual({ kind: "error", code: "not_allowed", sentence: "host_scripts isn't yes" });
    for (const line of ["", "ended", "ended status=-1 why=exit", "ended status=0 why=else", "error strange x", "started now"]) expect(parseScriptMessage(line)).toBeNull();
  });

  it("is a failure with a code of its own", () => {
    expect(scriptFailure({ kind: "error", code: "not_allowed", sentence: "x" }).code).toBe("unsupported");
    expect(scriptFailure({ kind: "error", code: "taken", sentence: "x" }).code).toBe("conflict");
    expect(scriptFailure({ kind: "ended", status: 137, why: "time" }).code).toBe("timed_out");
    expect(scriptFailure({ kind: "ended", status: 137, why: "memory" }).code).toBe("script_failed");
    expect(scriptFailure(null).code).toBe("internal");
  });
});
