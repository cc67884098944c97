import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { exampleOrder } from "../testing/orders.ts";
import { buildApplianceTree, buildInstanceTree } from "./build-trees.ts";
import type { MetadataBody, MetadataTree } from "./metadata-content.ts";
import { networkedInstance, TEST_KEY } from "./testing.ts";

const guestData = { parameters: new Map([["password", { visibility: "private", value: privateValue("much private") }]] as const), userData: privateValue("#cloud-config\n") };

function textOf(body: MetadataBody | Promise<MetadataBody> | undefined): string | undefined {
  return body === undefined || body instanceof Promise || body.kind !== "text" ? undefined : body.bytes.toString("utf8");
}

/** Every path below a directory that lists what is in it. */
function walk(tree: MetadataTree, directory: string): string[] {
  return (tree.list(directory) ?? []).flatMap((name) => (name.endsWith("/") ? walk(tree, directory + name) : [directory + name]));
}

describe("a running guest's trees", () => {
  const tree = buildInstanceTree({ spec: networkedInstance(), node: "node1", guestData });
  const read = (path: string): string | undefined => textOf(tree.get(path));

  test("list versions and what stands right below them without a slash, as EC2 does, and directories further down with one", () => {
    const root = tree.list("") ?? [];
    expect(root.slice(0, 2)).toEqual(["1.0", "2007-01-19"]);
    expect(root.slice(-3)).toEqual(["latest", "ganeti/", "openstack/"]);
    expect(tree.list("latest")).toEqual(["dynamic", "meta-data", "user-data"]);
    expect(tree.list("2009-04-04/")).toEqual(["dynamic", "meta-data", "user-data"]);
    expect(tree.list("latest/meta-data/")).toContain("placement/");
    expect(tree.list("latest/meta-data/placement")).toEqual(["availability-zone", "region"]);
    expect(tree.list("latest/meta-data/public-keys/")).toEqual(["0=alice@laptop", "1=alice@laptop-2"]);
    expect(tree.list("latest/meta-data/public-keys/0")).toEqual(["openssh-key"]);
    expect(tree.list("openstack")).toContain("2018-08-27");
    expect(tree.list("openstack/latest")).toEqual(["meta_data.json", "network_data.json", "user_data", "vendor_data.json", "vendor_data2.json"]);
    expect(tree.list("ganeti/")).toEqual(["2026-11-20", "latest"]);
    expect(tree.list("ganeti/latest/")).toEqual(["meta_data.json", "os/", "read", "write"]);
    expect(tree.list("ganeti/latest/os")).toEqual(["parameters.json"]);
  });

  test("have every document that they list, under each version", () => {
    for (const version of ["latest", "2009-04-04", "2021-03-23"]) {
      const paths = walk(tree, `${version}/meta-data/`).filter((path) => !path.includes("="));
      expect(paths.length).toBeGreaterThan(20);
      for (const path of paths) expect(read(path), path).toBeDefined();
    }
  });

  test("tell an instance as EC2 does", () => {
    expect(read("latest/meta-data/instance-id")).toBe("i-0c5a1f6e8b1d4c6e9");
    expect(read("2009-04-04/meta-data/local-hostname")).toBe("web1.example.org");
    expect(read("latest/meta-data/local-ipv4")).toBe("192.0.2.10");
    expect(read("latest/meta-data/placement/region")).toBe("cluster1");
    expect(read("latest/meta-data/public-keys/0/openssh-key")).toBe(`${TEST_KEY} alice@laptop\n`);
    expect(read("latest/meta-data/network/interfaces/macs/aa:00:00:12:34:56/subnet-ipv4-cidr-block")).toBe("192.0.2.0/24");
    expect(read("latest/meta-data/network/interfaces/macs/02:5c:a9:fe:00:02/device-number")).toBe("2");
    expect(read("latest/meta-data/tags/instance/env")).toBe("prod");
    expect(read("latest/user-data")).toBe("#cloud-config\n");
    expect(JSON.parse(read("latest/dynamic/instance-identity/document") ?? "")).toMatchObject({ instanceId: "i-0c5a1f6e8b1d4c6e9", region: "cluster1", availabilityZone: "node1", privateIp: "192.0.2.10" });
    for (const signed of ["pkcs7", "signature", "rsa2048"]) expect(read(`latest/dynamic/instance-identity/${signed}`)).toBeUndefined();
  });

  test("tell an instance as OpenStack does, its interfaces by MAC, the channel's among them", () => {
    const metadata: unknown = JSON.parse(read("openstack/latest/meta_data.json") ?? "");
    expect(metadata).toMatchObject({ uuid: "0c5a1f6e-8b1d-4c6e-9a57-3f2b8d7e6c51", hostname: "web1.example.org", availability_zone: "node1", meta: { env: "prod", plain: "" } });
    expect(metadata).not.toHaveProperty("meta.dsmode");
    const network: unknown = JSON.parse(read("openstack/2018-08-27/network_data.json") ?? "");
    expect(network).toMatchObject({
      links: [{ ethernet_mac_address: "aa:00:00:12:34:56" }, { ethernet_mac_address: "aa:00:00:12:34:57" }, { ethernet_mac_address: "02:5c:a9:fe:00:02" }],
      networks: [
        { link: "nic0", type: "ipv4", ip_address: "192.0.2.10", netmask: "255.255.255.0", routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }] },
        { link: "nic0", type: "ipv6_slaac" },
        { link: "nic1", type: "ipv4_dhcp" },
        { link: "channel", type: "ipv4_dhcp" },
      ],
      services: [{ type: "dns", address: "192.0.2.53" }],
    });
  });

  test("give an IPv6 address its mask and route as OpenStack writes them", () => {
    const spec = networkedInstance();
    const [nic] = spec.nics;
    const six = buildInstanceTree({ spec: { ...spec, nics: nic === undefined ? [] : [{ ...nic, ip: "2001:db8::10" }] }, node: "node1", guestData });
    expect(JSON.parse(textOf(six.get("openstack/latest/network_data.json")) ?? "")).toMatchObject({
      networks: [{ type: "ipv4_dhcp" }, { type: "ipv6", ip_address: "2001:db8::10", netmask: "ffff:ffff:ffff:ffff::", routes: [{ network: "::", netmask: "::", gateway: "2001:db8::1" }] }, { link: "channel" }],
    });
  });

  test("give a routed NIC's IPv6 address alone, without its neighbours, and let it wait for no advertisement", () => {
    const spec = networkedInstance();
    const networksOf = (ip: string): unknown => {
      const routed = spec.nics.slice(0, 1).map((nic) => ({ ...nic, mode: "routed", link: null, ip }));
      return JSON.parse(textOf(buildInstanceTree({ spec: { ...spec, nics: routed }, node: "node1", guestData }).get("openstack/latest/network_data.json")) ?? "");
    };
    expect(networksOf("2001:db8::10")).toMatchObject({ networks: [{ type: "ipv4_dhcp" }, { type: "ipv6", netmask: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" }, { link: "channel" }] });
    expect(networksOf("192.0.2.10")).toMatchObject({ networks: [{ type: "ipv4", netmask: "255.255.255.0" }, { link: "channel" }] });
  });

  test("hold the guest's own parameters, and nothing of an install", () => {
    expect(JSON.parse(read("ganeti/latest/os/parameters.json") ?? "")).toEqual({ password: ["much private", "private"] });
    expect(read("ganeti/latest/meta_data.json")).not.toMatch(/token|script/);
  });

  test("look paths up as they are", () => {
    for (const path of ["latest/meta-data/../user-data", "latest/%6deta-data", "/latest", "latest//meta-data", "latest/meta-data//", "LATEST", "latest/meta-data/__proto__", "ganeti/latest/os/scripts", "constructor", "openstack//latest"]) {
      expect(read(path), path).toBeUndefined();
      expect(tree.list(path), path).toBeNull();
    }
  });

  test("say that private documents come later while they aren't there, and that user data aren't where there are none", () => {
    const waiting = buildInstanceTree({ spec: networkedInstance(), node: "node1", guestData: null });
    for (const path of ["latest/user-data", "openstack/latest/user_data", "ganeti/latest/os/parameters.json"]) expect(waiting.get(path)).toEqual({ kind: "later" });
    expect(textOf(waiting.get("latest/meta-data/hostname"))).toBe("web1.example.org");
    const without = buildInstanceTree({ spec: networkedInstance(), node: "node1", guestData: { ...guestData, userData: null } });
    expect(without.get("latest/user-data")).toBeUndefined();
    expect(without.list("latest")).toEqual(["dynamic", "meta-data"]);
  });

  test("need a token but for OpenStack's, and for that too where cloud-init looks at EC2's", () => {
    expect(["latest/user-data", "ganeti/latest/write", "", "openstack/latest/user_data"].map((path) => tree.needsToken(path))).toEqual([true, true, true, false]);
    const ec2 = buildInstanceTree({ spec: networkedInstance({ datasource: "ec2" }), node: "node1", guestData });
    expect(ec2.needsToken("openstack/latest/user_data")).toBe(true);
  });
});

describe("a guest that ends its own install", () => {
  test("is told how to report it, and nobody else is", () => {
    const spec = networkedInstance();
    const metadata = (install?: Parameters<typeof buildInstanceTree>[0]["install"]): unknown =>
      JSON.parse(textOf(buildInstanceTree({ spec, node: "node1", guestData, ...(install === undefined ? {} : { install }) }).get("ganeti/latest/meta_data.json")) ?? "");
    expect(metadata({ id: "the-install", operation: "reinstall", token: "the-token" })).toMatchObject({ contract: 2, operation: "reinstall", install: { id: "the-install", token: "the-token" }, instance: { name: "web1.example.org" } });
    expect(metadata()).toMatchObject({ contract: 2, operation: null });
    expect(metadata()).not.toHaveProperty("install");
  });
});

describe("the appliance's trees", () => {
  let folder: string;
  let archive: { readonly path: string; readonly length: number };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "trees-"));
    archive = { path: join(folder, "untrusted.tar"), length: 14 };
    await writeFile(archive.path, "....#!/bin/sh\n");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const parameters = new Map([["root_password", { visibility: "secret", value: secretValue("much secret") }]] as const);
  const order = exampleOrder({ instance: networkedInstance(), parameters, userData: privateValue("#cloud-config\n") });
  const build = (change: Partial<Parameters<typeof buildApplianceTree>[0]> = {}): MetadataTree =>
    buildApplianceTree({ order, token: "the-token", script: "create", disks: new Set([0]), archive, scripts: [{ name: "create", offset: 4, length: 10 }], ...change });
  const metadata = (tree: MetadataTree): unknown => JSON.parse(textOf(tree.get("ganeti/latest/meta_data.json")) ?? "");

  test("hold the run's token, every parameter and the scripts, beside what the system will find", async () => {
    const tree = build();
    expect(metadata(tree)).toMatchObject({ script: "create", install: { token: "the-token" }, instance: { disks: [{ serial: "disk-0", access: "rw" }] } });
    expect(metadata(tree)).toMatchObject({
      instance: {
        nics: [
          { network: "lan", subnet: "192.0.2.0/24", gateway: "192.0.2.1", subnet6: "2001:db8::/64", gateway6: "2001:db8::1", dns: ["192.0.2.53"] },
          { network: null, subnet: null, gateway: null, subnet6: null, gateway6: null, dns: [] },
        ],
        sshKeys: [`${TEST_KEY} alice@laptop`, `${TEST_KEY} alice@laptop`],
      },
    });
    expect(textOf(tree.get("ganeti/2026-11-20/os/parameters.json"))).toBe('{"root_password":["much secret","secret"]}');
    expect(tree.get("ganeti/latest/os/untrusted.tar")).toEqual({ kind: "file", ...archive });
    expect(textOf(await tree.get("ganeti/latest/os/scripts/create"))).toBe("#!/bin/sh\n");
    expect(tree.list("ganeti/latest/os/scripts/")).toEqual(["create"]);
    expect(textOf(tree.get("latest/meta-data/hostname"))).toBe("web1.example.org");
    expect(textOf(tree.get("latest/user-data"))).toBe("#cloud-config\n");
  });

  test("speak the appliance's own contract", () => {
    for (const contract of [1, 2]) {
      const appliance = { kernelDigest: "0".repeat(64), initrdDigest: "0".repeat(64), rootDigest: null, contract };
      expect(metadata(build({ order: { ...order, appliance } }))).toMatchObject({ contract });
    }
  });

  test("tell a rename the name until now, and an export that its disks are only read, and list what comes or goes as a stream", () => {
    expect(metadata(build({ script: "rename", order: { ...order, operation: "rename", oldName: "web0.example.org" } }))).toMatchObject({ script: "rename", oldName: "web0.example.org" });
    const exporting = build({ script: "export", order: { ...order, operation: "export" } });
    expect(metadata(exporting)).toMatchObject({ instance: { disks: [{ index: 0, access: "ro" }] } });
    expect(exporting.list("ganeti/latest/os/export/")).toEqual(["0"]);
    expect(build({ script: "import" }).list("ganeti/latest/os/import/")).toEqual(["0"]);
  });

  test("have no value, no user data and nothing of a definition for the run that lays a package over the system", () => {
    const tree = build({ script: "personalize", archive: null, scripts: [] });
    expect(metadata(tree)).toMatchObject({ script: "personalize", os: null, appliance: { rootSerial: "appliance-root" } });
    expect(textOf(tree.get("ganeti/latest/os/parameters.json"))).toBe("{}");
    expect([tree.get("latest/user-data"), tree.get("openstack/latest/user_data"), tree.get("ganeti/latest/os/untrusted.tar")]).toEqual([undefined, undefined, undefined]);
    expect(tree.list("ganeti/latest/")).not.toContain("package");
    expect(tree.list("ganeti/latest/os/")).toContain("package");
    expect(metadata(build({ script: "personalize", archive: null, order: { ...order, os: null } }))).toMatchObject({ os: null });
  });
});
