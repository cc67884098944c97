import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const untrusted = path.join(import.meta.dirname, "debian/untrusted");
const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0oUqQAfLA0fFbHN8bTz1k7v1CwIVpPYSRxA4nIrqRZ";
let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "slipway-sample-"));
  mkdirSync(path.join(root, "etc/systemd/network"), { recursive: true });
  mkdirSync(path.join(root, "root"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs a line of shell beside the sample's functions, with a folder for the new system's root as `$1`. */
function inSample(line: string, environment: Readonly<Record<string, string>>) {
  const sources = readdirSync(path.join(untrusted, "lib")).map((name) => `. ./lib/${name}`);
  return spawnSync("sh", ["-c", ["set -eu", ...sources, line].join("\n"), "sh", root], { cwd: untrusted, encoding: "utf8", env: { NODE_ENV: "test", PATH: "/usr/bin:/bin", ...environment } });
}
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

describe("the sample's network", () => {
  const networkFiles = (environment: Readonly<Record<string, string>>) => {
    expect(inSample('set_network "$1"', environment)).toMatchObject({ status: 0, stderr: "" });
    return Object.fromEntries(readdirSync(path.join(root, "etc/systemd/network")).map((name) => [name, read(`etc/systemd/network/${name}`)]));
  };
  const nic = (index: number, values: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(values).map(([name, value]) => [`NIC_${String(index)}_${name}`, value]));
  const lan = { NETWORK_NAME: "lan", NETWORK_SUBNET: "192.0.2.0/24", NETWORK_GATEWAY: "192.0.2.1", NETWORK_SUBNET6: "2001:db8::/64", NETWORK_GATEWAY6: "fe80::1", NETWORK_DNS: "192.0.2.53 2001:db8::53" };

  it("has the address of a bridged NIC, with what its network has, whatever the interface is called", () => {
    const files = networkFiles({ NIC_COUNT: "1", ...nic(0, { MAC: "aa:00:00:00:00:01", MODE: "bridged", LINK: "br0", IP: "192.0.2.10", ...lan }) });
    expect(files).toEqual({
      "10-nic-0.network":
        "[Match]\nMACAddress=aa:00:00:00:00:01\n[Network]\nAddress=192.0.2.10/24\nDNS=192.0.2.53\nDNS=2001:db8::53\n[Link]\nRequiredForOnline=no\n[Route]\nGateway=192.0.2.1\nMetric=100\n",
    });
    expect(read("etc/resolv.conf")).toBe("nameserver 192.0.2.53\nnameserver 2001:db8::53\n");
    // The daemon that reads them isn't root.
    expect(statSync(path.join(root, "etc/systemd/network/10-nic-0.network")).mode & 0o777).toBe(0o644);
  });

  it("takes a routed NIC's gateway to be on the link", () => {
    const files = networkFiles({
      NIC_COUNT: "2",
      ...nic(0, { MAC: "aa:00:00:00:00:01", MODE: "routed", IP: "192.0.2.10", ...lan }),
      ...nic(1, { MAC: "aa:00:00:00:00:02", MODE: "routed", IP: "2001:db8::10", ...lan }),
    });
    expect(files["10-nic-0.network"]).toContain("Address=192.0.2.10/24\n");
    expect(files["10-nic-0.network"]).toContain("[Route]\nGateway=192.0.2.1\nMetric=100\nGatewayOnLink=yes\n");
    expect(files["10-nic-1.network"]).toContain("Address=2001:db8::10/128\n");
    expect(files["10-nic-1.network"]).toContain("[Route]\nGateway=fe80::1\nMetric=101\nGatewayOnLink=yes\n");
    expect(read("etc/resolv.conf").split("\n")).toHaveLength(3);
  });

  it("has an IPv6 address beside an IPv4 one that it asks for", () => {
    const files = networkFiles({ NIC_COUNT: "1", ...nic(0, { MAC: "aa:00:00:00:00:01", MODE: "bridged", IP: "2001:db8::10", ...lan }) });
    expect(files["10-nic-0.network"]).toContain("[Network]\nDHCP=ipv4\nAddress=2001:db8::10/64\n");
    expect(files["10-nic-0.network"]).not.toContain("IPv6AcceptRA");
  });

  it("has an address without a network all by itself", () => {
    const files = networkFiles({ NIC_COUNT: "1", ...nic(0, { MAC: "aa:00:00:00:00:01", MODE: "bridged", IP: "192.0.2.10" }) });
    expect(files["10-nic-0.network"]).toBe("[Match]\nMACAddress=aa:00:00:00:00:01\n[Network]\nAddress=192.0.2.10/32\n[Link]\nRequiredForOnline=no\n");
    expect(existsSync(path.join(root, "etc/resolv.conf"))).toBe(false);
  });

  it("asks by DHCP where there is no address, and in the node's own network", () => {
    expect(networkFiles({ NIC_COUNT: "2", ...nic(0, { MAC: "aa:00:00:00:00:01", MODE: "bridged", ...lan }), ...nic(1, { MAC: "aa:00:00:00:00:02", MODE: "user", IP: "192.0.2.11" }) })).toEqual({});
  });
});

describe("the sample's SSH keys", () => {
  it("are the instance's own and those of the parameter", () => {
    expect(inSample('set_authorized_keys "$1"', { SLIPWAY_SSH_KEYS: `${ED25519} one\n${ED25519} two`, OSP_SSH_AUTHORIZED_KEYS: `${ED25519} three` })).toMatchObject({ status: 0, stderr: "" });
    expect(read("root/.ssh/authorized_keys")).toBe(`${ED25519} one\n${ED25519} two\n${ED25519} three\n`);
    expect(statSync(path.join(root, "root/.ssh/authorized_keys")).mode & 0o777).toBe(0o600);
  });

  it("are nowhere without any", () => {
    expect(inSample('set_authorized_keys "$1"', {})).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(path.join(root, "root"))).toEqual([]);
  });

  const verify = (keys: string) => spawnSync(path.join(untrusted, "verify"), ["parameters"], { cwd: untrusted, encoding: "utf8", env: { NODE_ENV: "test", PATH: "/usr/bin:/bin", OSP_ROOT_PASSWORD: "much secret", OSP_SSH_AUTHORIZED_KEYS: keys } });

  it.each(["ed25519", "rsa", "ecdsa"])("are taken as ssh-keygen writes them: %s", (type) => {
    spawnSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "anna at home", "-f", path.join(root, "key")]);
    expect(verify(`# Anna's\n\n${read("key.pub")}`)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  it.each([
    ["no key at all", "password"],
    ["one that is cut", ED25519.slice(0, -8)],
    ["one of another type than it says", ED25519.replace("ssh-ed25519", "ssh-rsa")],
    ["options before it", `command="true" ${ED25519}`],
    ["what isn't base64", ED25519.replace("AAAA", "AA*A")],
    ["a private key's first line", "-----BEGIN OPENSSH PRIVATE KEY-----"],
    ["a command to a shell", "$(id) `id`"],
  ])("are refused by their line's number, without a word of them: %s", (_what, line) => {
    expect(verify(`${ED25519} one\n${line}`)).toMatchObject({ status: 1, stdout: "Line 2 of the parameter ssh_authorized_keys is not a public key as ssh-keygen writes it.\n", stderr: "" });
  });
});

describe("the sample's rename", () => {
  const rename = (hostname: string, hosts: string, suffix = "") => {
    writeFileSync(path.join(root, "etc/hostname"), hostname);
    writeFileSync(path.join(root, "etc/hosts"), hosts);
    const said = inSample('change_host_name "$1" web1.example.org', { INSTANCE_NAME: "db1.example.net", ...(suffix === "" ? {} : { OSP_HOSTNAME_SUFFIX: suffix }) });
    expect(said).toMatchObject({ status: 0, stderr: "" });
    return { hostname: read("etc/hostname"), hosts: read("etc/hosts"), said: said.stdout };
  };

  it("changes the names that were the instance's, and no others", () => {
    const hosts = "127.0.0.1 localhost\n127.0.1.1 web1.example.org web1\n192.0.2.7 web1xexample.org web10\n";
    expect(rename("web1\n", hosts)).toEqual({ hostname: "db1\n", hosts: "127.0.0.1 localhost\n127.0.1.1 db1.example.net db1\n192.0.2.7 web1xexample.org web10\n", said: "" });
  });

  it("knows the suffix that the definition put behind the name", () => {
    expect(rename("web1\n", "127.0.1.1 web1.example.org.lab web1\n", ".lab").hosts).toBe("127.0.1.1 db1.example.net.lab db1\n");
  });

  it("leaves a name that a person has chosen", () => {
    expect(rename("alpha\n", "127.0.1.1 alpha\n")).toEqual({ hostname: "alpha\n", hosts: "127.0.1.1 alpha\n", said: "The system has a host name of its own, which stays.\n" });
  });
});
