import { createHash, randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { followEvents } from "#agent/testing/follow.ts";
import type { HostKey, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { Bed } from "./bed.ts";
import { startDhcpServer } from "./dhcp-server.ts";
import { addressesOf, bridgedNic, channelInstance } from "./guests.ts";
import { guestLeavings, makeBridge, removeLink } from "./namespace.ts";
import { makeSshClient, type SshClient } from "./ssh.ts";
import { Undo } from "./undo.ts";

const place = inject("network");
const STATIC = { bridge: "br-static", ip: "192.0.2.10", subnet: "192.0.2.0/24", gateway: "192.0.2.1" };
const LEASED = { bridge: "br-leased", ip: "198.51.100.10", gateway: "198.51.100.1", mac: "aa:00:00:00:00:02" };
/** About a minute on a machine of its own; with sixteen at its two processors it took five. */
const BOOT_MS = 400_000;

/** What its owner wants done in it. Kinds of host keys that take long to make are left out. */
function userData(word: string): string {
  return [
    "#cloud-config",
    "ssh_genkeytypes: [ed25519]",
    "locale: C.UTF-8",
    "write_files:",
    "  - path: /etc/owner-says",
    `    content: "${word}"`,
    "runcmd:",
    // User data are private, and the console's log doesn't show what it knows of them.
    '  - [sh, -c, "sha256sum </etc/owner-says >/dev/ttyS0"]',
    "",
  ].join("\n");
}

const undo = new Undo();
let bed: Bed;
let ssh: SshClient;
let byOpenStack: InstanceSpec;
let byEc2: InstanceSpec;
const words = { openstack: randomUUID(), ec2: randomUUID() };

function digestOf(word: string): RegExp {
  return new RegExp(createHash("sha256").update(word).digest("hex"));
}

async function boot(instance: InstanceSpec, word: string): Promise<void> {
  await bed.placeDisks(instance, [{ copyOf: path.join(place.guests, "cloud.raw") }]);
  await bed.power(instance, "start", { parameters: new Map(), userData: privateValue(userData(word)) });
}

/** Those that its console has shown, as the agent tells of them. */
async function hostKeysOf(instance: InstanceSpec): Promise<readonly HostKey[]> {
  const events = await followEvents(bed.client, (event) => event.type === "instance.host-keys" && event.instanceId === instance.id);
  const last = events.at(-1);
  return last?.type === "instance.host-keys" ? last.keys : [];
}

beforeAll(async () => {
  for (const { bridge, gateway } of [STATIC, LEASED]) {
    await makeBridge(bridge, `${gateway}/24`);
    undo.push(() => removeLink(bridge));
  }
  const folder = await mkdtemp(path.join(place.scratch, "cloud-"));
  const dhcp = await startDhcpServer(folder, { bridge: LEASED.bridge, mac: LEASED.mac, ip: LEASED.ip });
  undo.push(() => dhcp.end());
  ssh = await makeSshClient(folder);
  bed = await Bed.start(place, { bridges: [STATIC.bridge, LEASED.bridge] });
  undo.push(() => bed.end());
  const common = { memoryMib: 384, sshKeys: [ssh.publicKey] };
  byOpenStack = channelInstance("web1.example.org", "169.254.0.7", { ...common, nics: [bridgedNic(STATIC.bridge, "aa:00:00:00:00:01", STATIC)] });
  byEc2 = channelInstance("web2.example.org", "169.254.0.8", { ...common, datasource: "ec2", nics: [bridgedNic(LEASED.bridge, LEASED.mac, null)] });
  await Promise.all([boot(byOpenStack, words.openstack), boot(byEc2, words.ec2)]);
});
afterAll(() => undo.all());

describe("a guest with Debian's own cloud-init", () => {
  test("finds its name, keys, network and user data as OpenStack's, and shows its host keys", async () => {
    await bed.untilConsoleSays(byOpenStack, digestOf(words.openstack), BOOT_MS);
    await bed.untilConsoleSays(byOpenStack, /Cloud-init v\. \S+ finished.* Datasource DataSourceOpenStackLocal /, BOOT_MS);
    const keys = await hostKeysOf(byOpenStack);
    expect(keys.map(({ type }) => type)).toEqual(["ssh-ed25519"]);
    // By its own address on the bridge, with the key that it was given, and no other host key than the console's.
    expect(await ssh.run(STATIC.ip, keys, "hostname && cat /etc/owner-says")).toBe(`web1\n${words.openstack}\n`);
    const result: unknown = JSON.parse(await ssh.run(STATIC.ip, keys, "cat /run/cloud-init/result.json"));
    expect(result).toMatchObject({ v1: { datasource: "DataSourceOpenStackLocal [net,ver=2]", errors: [] } });
    expect(await ssh.run(STATIC.ip, keys, "ip -brief -4 address; ip route")).toContain("default via 192.0.2.1");
  }, BOOT_MS);

  test("finds them as EC2's, beside another DHCP server's network", async () => {
    await bed.untilConsoleSays(byEc2, digestOf(words.ec2), BOOT_MS);
    await bed.untilConsoleSays(byEc2, /Cloud-init v\. \S+ finished.* Datasource DataSourceEc2Local\./, BOOT_MS);
    const keys = await hostKeysOf(byEc2);
    expect(await ssh.run(LEASED.ip, keys, "hostname && cat /etc/owner-says")).toBe(`web2\n${words.ec2}\n`);
    const result: unknown = JSON.parse(await ssh.run(LEASED.ip, keys, "cat /run/cloud-init/result.json"));
    expect(result).toMatchObject({ v1: { datasource: "DataSourceEc2Local", errors: [] } });
  }, BOOT_MS);

  test("is reached by its host over the channel", async () => {
    for (const instance of [byOpenStack, byEc2]) {
      const { ip } = addressesOf(instance);
      expect(await ssh.run(ip, await hostKeysOf(instance), "hostname")).toBe(`${instance.name.split(".")[0] ?? ""}\n`);
    }
  }, BOOT_MS);

  test("leaves nothing of its networks on the node when it ends", async () => {
    expect((await guestLeavings()).links).toHaveLength(4);
    await Promise.all([bed.power(byOpenStack, "stop"), bed.power(byEc2, "stop")]);
    expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
  });
});
