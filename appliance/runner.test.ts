import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { StandInHost, StandInSettings } from "./stand-in-host.ts";
import { startStandInHost } from "./stand-in-host.ts";

const run = promisify(execFile);
const TOKEN = "token-of-this-install";
const scratch = mkdtempSync(join(tmpdir(), "slipway-runner-"));
const program = join(scratch, "runner");
const hosts: StandInHost[] = [];
let count = 0;

const instance = {
  name: "web1.example.org",
  uuid: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  hypervisor: "kvm",
  primaryNode: "node1",
  memoryMiB: 512,
  vcpus: 2,
  tags: ["front", "blue"],
  disks: [{ serial: "disk-0", sizeMiB: 2048, access: "rw", name: "root", uuid: "0f8fad5b-d9cb-469f-a165-70867728950e" }],
  nics: [{ mac: "aa:00:00:11:22:33", ip: null, mode: "bridged", link: "br0", network: null, bridge: null, name: null, uuid: "n" }],
  be: { maxmem: 512, auto_balance: true },
  hv: { kernel_path: null, boot_order: "disk" },
};

function metadata(changes: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    contract: 2,
    operation: "create",
    script: "create",
    install: { id: "i", token: TOKEN },
    os: { name: "debian", variant: "bookworm", apiVersion: 20, imageSerial: "os-image" },
    instance,
    ...changes,
  };
}

/** A definition that asks for the full userland, and one whose image is to be laid over it. */
const full = { appliance: { rootSerial: "appliance-root" } };
const layered = { os: { name: "debian", variant: null, apiVersion: 20, imageSerial: "os-image", imageUse: "layer" } };

function script(...body: readonly string[]): StandInSettings["files"] {
  return named("create", ...body);
}

function named(path: string, ...body: readonly string[]): StandInSettings["files"] {
  return [{ path, mode: 0o755, content: Buffer.from(["#!/bin/sh", ...body, ""].join("\n")) }];
}

/** The runner from its start to its end, against a host with these settings. */
async function install(settings: Partial<StandInSettings>, during?: (host: StandInHost, folder: string) => Promise<void>) {
  const host = await startStandInHost({ metadata: metadata(), files: script("exit 0"), ...settings });
  hosts.push(host);
  const folder = join(scratch, `os-${String((count += 1))}`);
  const child = spawn(program, ["--address", "127.0.0.1", "--port", String(host.port), "--sysfs", join(scratch, "sys"), "--folder", folder, "--programs", join(scratch, "programs")]);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await during?.(host, folder);
  await ended;
  return { host, said };
}

const result = (status: number): string => `{"result":{"token":"${TOKEN}","exit_status":${status}}}`;

beforeAll(async () => {
  mkdirSync(join(scratch, "programs"));
  writeFileSync(join(scratch, "programs", "personalize"), '#!/bin/sh\nenv | grep -v "^_\\|PWD\\|SHLVL" | sort\nsha256sum\n', { mode: 0o755 });
  for (const [device, serial] of [["vda", "disk-0"], ["vdd", "disk-1"], ["vdb", "os-image"], ["vdc", "appliance-root"]] as const) {
    mkdirSync(join(scratch, "sys", device), { recursive: true });
    writeFileSync(join(scratch, "sys", device, "serial"), serial);
  }
  const sources = ["main", "boot", "connection", "dhcp", "environment", "http", "json", "rescue", "root", "scripts", "stream", "write"].map((name) => join(import.meta.dirname, "runner", `${name}.c`));
  await run("gcc", ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-o", program, ...sources]);
}, 60_000);

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

afterAll(() => rmSync(scratch, { recursive: true }));

describe("the environment of a script", () => {
  it("has every value exactly as it was given, whatever is in it", async () => {
    const values = [`a'b"c\`d`, "$(touch pwned) $HOME ${x}", "two\nlines\n", "ünïcødé 🜂 \u0001", " \\ spaces\t", "", "x".repeat(65_536)];
    const parameters = Object.fromEntries(values.map((value, index) => [`value_${String(index)}`, [value, "secret"]]));
    const { host } = await install({ parameters, files: script(...values.map((_, index) => `printf %s "$OSP_VALUE_${String(index)}" | sha256sum`)) });
    expect(host.lines).toEqual([...values.map((value) => `${createHash("sha256").update(value).digest("hex")}  -`), result(0)]);
  });

  it("is Ganeti's, and nothing of the runner's own", async () => {
    const { host } = await install({ parameters: { "root-size": ["8", "public"] }, files: script("tr '\\0' '\\n' </proc/self/environ") });
    expect(host.lines.slice(0, -1).filter((line) => !/^(PWD|OLDPWD|_|SHLVL)=/.test(line)).toSorted()).toEqual([
      "DEBUG_LEVEL=0",
      "DISK_0_ACCESS=rw",
      "DISK_0_BACKEND_TYPE=block",
      "DISK_0_FRONTEND_TYPE=paravirtual",
      "DISK_0_NAME=root",
      "DISK_0_PATH=/dev/vda",
      "DISK_0_SIZE=2048",
      "DISK_0_UUID=0f8fad5b-d9cb-469f-a165-70867728950e",
      "DISK_COUNT=1",
      "HYPERVISOR=kvm",
      "INSTANCE_BE_auto_balance=True",
      "INSTANCE_BE_maxmem=512",
      "INSTANCE_BE_memory=512",
      "INSTANCE_BE_vcpus=2",
      "INSTANCE_HV_boot_order=disk",
      "INSTANCE_HV_kernel_path=None",
      "INSTANCE_NAME=web1.example.org",
      "INSTANCE_OS=debian+bookworm",
      "INSTANCE_PRIMARY_NODE=node1",
      "INSTANCE_SECONDARY_NODES=",
      "INSTANCE_TAGS=front blue",
      "INSTANCE_UUID=7c9e6679-7425-40de-944b-e07fc1f90ae7",
      "NIC_0_BRIDGE=br0",
      "NIC_0_FRONTEND_TYPE=paravirtual",
      "NIC_0_LINK=br0",
      "NIC_0_MAC=aa:00:00:11:22:33",
      "NIC_0_MODE=bridged",
      "NIC_0_UUID=n",
      "NIC_COUNT=1",
      "OSP_ROOT-SIZE=8",
      "OS_API_VERSION=20",
      "OS_NAME=debian",
      "OS_VARIANT=bookworm",
      "PATH=/sbin:/bin:/usr/sbin:/usr/bin",
      "SLIPWAY_OS_IMAGE=/dev/vdb",
    ]);
  });

  it("says of a NIC's network what Ganeti says, and the keys that may log in, one a line", async () => {
    const network = { network: "lan", subnet: "192.0.2.0/24", gateway: "192.0.2.1", subnet6: "2001:db8::/64", gateway6: null, dns: ["192.0.2.53", "2001:db8::53"] };
    const nics = [{ ...instance.nics[0], ip: "192.0.2.10", ...network }, { ...instance.nics[0], dns: [] }];
    const files = script("env");
    const { host } = await install({ metadata: metadata({ instance: { ...instance, nics, sshKeys: ["type key one", "type key two"] } }), files });
    expect(host.lines.filter((line) => /^(NIC_._(NETWORK|IP)|SLIPWAY_SSH|type)/.test(line)).toSorted()).toEqual([
      "NIC_0_IP=192.0.2.10",
      "NIC_0_NETWORK_DNS=192.0.2.53 2001:db8::53",
      "NIC_0_NETWORK_GATEWAY=192.0.2.1",
      "NIC_0_NETWORK_NAME=lan",
      "NIC_0_NETWORK_SUBNET6=2001:db8::/64",
      "NIC_0_NETWORK_SUBNET=192.0.2.0/24",
      "SLIPWAY_SSH_KEYS=type key one",
      "type key two",
    ].toSorted());
  });

  it("names no image that has become part of the system", async () => {
    const { host } = await install({ metadata: metadata({ ...full, ...layered }), files: script('echo "image: ${SLIPWAY_OS_IMAGE-none}"') });
    expect(host.lines).toEqual(["image: none", result(0)]);
  });

  it("says INSTANCE_REINSTALL at a reinstall only", async () => {
    const files = script('echo "again: ${INSTANCE_REINSTALL-no}"');
    expect((await install({ files })).host.lines[0]).toBe("again: no");
    expect((await install({ files, metadata: metadata({ operation: "reinstall" }) })).host.lines[0]).toBe("again: 1");
  });
});

describe("what the guest writes", () => {
  it("reaches the host while the script runs, over one connection", async () => {
    const files = script("echo first", "while [ ! -e go ]; do sleep 0.01; done", "echo second");
    const { host } = await install({ files }, async (at, folder) => {
      await at.saw("first");
      writeFileSync(join(folder, "go"), "");
    });
    expect(host.lines).toEqual(["first", "second", result(0)]);
    expect(host.connections()).toBe(1);
  });

  it("loses no line when connections break and answers fail, and numbers what it says again", async () => {
    const treat = (post: number) => (["break before answering", "fail with 503", "answer", "answer and close"] as const)[post % 4] ?? "answer";
    const { host } = await install({ treat, files: script("for i in $(seq 2000); do echo $i; done") });
    expect(host.lines).toEqual([...Array.from({ length: 2000 }, (_, index) => String(index + 1)), result(0)]);
    let next = 0;
    for (const post of host.posts) {
      expect(post.firstLine).toBe(next);
      if (post.answered) next += post.body.split("\n").length - 1;
    }
  });

  it("is gathered into few requests when there is much of it", async () => {
    const { host } = await install({ files: script("seq 200000") });
    expect(host.lines.length).toBe(200_001);
    expect(host.posts.length).toBeLessThan(200);
  });

  it("ends with a line even if the script didn't end its last one, and cuts endless ones", async () => {
    const { host } = await install({ files: script("head -c 100000 /dev/zero | tr '\\0' x", "printf '\\nlast'") });
    expect(host.lines.map((line) => line.length)).toEqual([65_535, 34_465, 4, result(0).length]);
  });

  it("includes standard error, in order", async () => {
    const { host } = await install({ files: script("echo one", "echo two >&2", "echo three") });
    expect(host.lines).toEqual(["one", "two", "three", result(0)]);
  });
});

describe("what is too large for a document", () => {
  const disks = [{ ...instance.disks[0], index: 0 }, { serial: "disk-1", index: 1, sizeMib: 1, access: "rw", name: null, uuid: "d" }];
  const two = (name: string, more = {}): unknown => metadata({ operation: name, script: name, instance: { ...instance, disks }, ...more });
  const large = Buffer.alloc(3_000_001, "0123456789");
  const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const exporting = (index: number): string => `/ganeti/latest/os/export/${String(index)}`;
  const importing = (index: number): string => `/ganeti/latest/os/import/${String(index)}`;

  it("is taken from an export script's output, for each disk, while its errors are log", async () => {
    const files = named("export", 'echo "disk $EXPORT_INDEX at $EXPORT_DEVICE" >&2', "yes 0123456 | head -c 3000000", 'printf "%s" "$EXPORT_INDEX"');
    const { host } = await install({ metadata: two("export"), files });
    const expected = Buffer.alloc(3_000_000, "0123456\n");
    expect([0, 1].map((index) => host.streams.get(exporting(index))?.equals(Buffer.concat([expected, Buffer.from(String(index))])))).toEqual([true, true]);
    expect(host.lines).toEqual(["disk 0 at /dev/vda", "disk 1 at /dev/vdd", result(0)]);
  });

  it("never looks whole where the export script has failed, and later disks aren't begun", async () => {
    const { host } = await install({ metadata: two("export"), files: named("export", "head -c 500000 /dev/zero", "exit 3") });
    expect(host.lines).toEqual([result(3)]);
    expect([...host.streams.keys(), ...host.requests.filter((one) => one.endsWith("/1"))]).toEqual([]);
    expect(host.broken).toEqual([exporting(0)]);
  });

  it("ends an export that the host refuses", async () => {
    const { host } = await install({ metadata: two("export"), refuseStreams: 413, files: named("export", "cat /dev/zero") });
    expect(host.lines).toEqual(["appliance: the host refused the stream with 413", result(125)]);
  });

  it("waits for all that an export script's children have to say", async () => {
    const { host } = await install({ metadata: metadata({ operation: "export", script: "export", instance: { ...instance, disks: disks.slice(0, 1) } }), files: named("export", "(sleep 0.3; echo late) &", "echo early") });
    expect(host.streams.get(exporting(0))?.toString()).toBe("early\nlate\n");
  });

  it("is what an import script reads, for each disk that there is something for, asked for once", async () => {
    const files = named("import", 'echo "disk $IMPORT_INDEX at $IMPORT_DEVICE"', "sha256sum");
    const { host } = await install({ metadata: two("import"), give: new Map([[importing(1), { bytes: large }]]), files });
    expect(host.lines).toEqual(["disk 1 at /dev/vdd", `${digest(large)}  -`, result(0)]);
    expect(host.requests.filter((one) => one.includes("import"))).toEqual([`GET ${importing(0)}`, `GET ${importing(1)}`]);
  });

  it("doesn't have to be read by an import script, nor to its end", async () => {
    const { host } = await install({ metadata: two("import"), give: new Map([0, 1].map((index) => [importing(index), { bytes: large }])), files: named("import", "head -c 10", "echo") });
    expect(host.lines).toEqual(["0123456789", "0123456789", result(0)]);
  });

  it("never looks whole to an import script where it broke off", async () => {
    const { host } = await install({ metadata: two("import"), give: new Map([[importing(0), { bytes: large, cut: true }]]), files: named("import", "cat >/dev/null", "echo whole") });
    expect(host.lines).toEqual(["appliance: the stream from the host broke off", result(125)]);
  });

  it("is said to be missing where there is nothing to import", async () => {
    const { host } = await install({ metadata: two("import"), files: named("import", "exit 0") });
    expect(host.lines).toEqual(["appliance: there is nothing to import", result(125)]);
  });

  it("comes to the product's own program as a package, with nothing of a definition and no value", async () => {
    const settings = { metadata: metadata({ script: "personalize", os: null, ...full }), parameters: { password: ["hunter2hunter2", "secret"] }, give: new Map([["/ganeti/latest/os/package", { bytes: large }]]) };
    const { host } = await install(settings);
    expect(host.lines.filter((line) => !line.startsWith('{"percent"'))).toEqual([
      "DISK_0_ACCESS=rw",
      "DISK_0_BACKEND_TYPE=block",
      "DISK_0_FRONTEND_TYPE=paravirtual",
      "DISK_0_NAME=root",
      "DISK_0_PATH=/dev/vda",
      "DISK_0_SIZE=2048",
      "DISK_0_UUID=0f8fad5b-d9cb-469f-a165-70867728950e",
      "DISK_COUNT=1",
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      `${digest(large)}  -`,
      result(0),
    ]);
    expect(host.lines).toContain('{"percent":95}');
    expect(host.requests.filter((one) => one.startsWith("GET"))).toEqual(["GET /ganeti/latest/meta_data.json", "GET /ganeti/latest/os/package"]);
  });
});

describe("a script that renames", () => {
  const renaming = metadata({ operation: "rename", script: "rename", oldName: "web0.example.org" });

  it("is told the name until now, beside the new one", async () => {
    const { host } = await install({ metadata: renaming, files: named("rename", 'echo "$OLD_INSTANCE_NAME $INSTANCE_NAME"') });
    expect(host.lines).toEqual(["web0.example.org web1.example.org", result(0)]);
  });
});

describe("the end of an install", () => {
  it.each([
    ["exit 3", 3],
    ["kill -TERM $$", 143],
  ])("is reported with the token: %s", async (body, status) => {
    const { host } = await install({ files: script(body) });
    expect(host.lines).toEqual([result(status)]);
  });

  it("doesn't wait for what the script has left running", async () => {
    const { host } = await install({ files: script("sleep 20 &", "echo done") });
    expect(host.lines).toEqual(["done", result(0)]);
  });

  it("is 126 for a script that can't be run", async () => {
    const { host } = await install({ files: [{ path: "create", mode: 0o644, content: Buffer.from("#!/bin/sh\n") }] });
    expect(host.lines).toEqual(["appliance: the script can't be run: Permission denied", result(126)]);
  });

  it.each<[string, Partial<StandInSettings>]>([
    ["this appliance speaks contracts 1 and 2, the metadata another", { metadata: metadata({ contract: 3 }) }],
    ["meta_data.json names no script", { metadata: metadata({ script: "../create" }) }],
    ["the script isn't in os/untrusted.tar", { files: [{ path: "other", mode: 0o755, content: Buffer.from("") }] }],
    ["a disk that the metadata name isn't attached", { metadata: metadata({ instance: { ...instance, disks: [{ serial: "disk-7" }] } }) }],
    ["the definition's image isn't attached", { metadata: metadata({ os: { name: "debian", variant: null, imageSerial: "gone" } }) }],
    ["the full userland isn't attached", { metadata: metadata({ appliance: { rootSerial: "gone" } }) }],
    ["the definition's image isn't attached", { metadata: metadata({ ...full, os: { ...layered.os, imageSerial: "gone" } }) }],
    ["the definition's image is a layer, and there is no full userland to lay it over", { metadata: metadata(layered) }],
    ["os/parameters.json isn't an object", { parameters: { password: ["nul \0 byte", "secret"] } }],
    ["os/parameters.json has a parameter that isn't [value, visibility]", { parameters: { password: "hunter2hunter2" } }],
  ])("is 125 when the appliance itself can't go on: %s", async (problem, settings) => {
    const { host, said } = await install(settings);
    expect(host.lines).toEqual([`appliance: ${problem}`, result(125)]);
    expect(said).toBe(`appliance: ${problem}\n`);
  });

  it("is silent without metadata: nothing is written", async () => {
    const { host, said } = await install({ missing: ["/ganeti/latest/meta_data.json"] });
    expect(host.requests).toEqual(["GET /ganeti/latest/meta_data.json"]);
    expect(said).toContain("was answered with 404; nothing is installed");
  });

  it("never shows a parameter's value on the console", async () => {
    const { said } = await install({ parameters: { password: ["hunter2hunter2", "secret"] }, files: script("false") });
    expect(said).toBe("");
  });
});
