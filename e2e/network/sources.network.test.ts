import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, realpath, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { bootSector } from "#agent/e2e/boot-sector.ts";
import { followInstall } from "#agent/testing/follow.ts";
import { exampleOrder } from "#agent/testing/orders.ts";
import type { AgentEvent, InstallOrder } from "#lib/agent-protocol/messages.ts";
import { channelIp6 } from "#lib/domain/channel-address.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { Bed } from "./bed.ts";
import { channelInstance, probeDisks } from "./guests.ts";
import { addressPlan } from "./hostile-plan.ts";
import { guestLeavings } from "./namespace.ts";
import { Undo } from "./undo.ts";

const place = inject("network");
const TEST_MS = 180_000;
const SECRET = "canary-of-the-secret-b04d";
/** The address that the controller sets aside for what runs in an install; the instances here have none of their own. */
const INSTALL_IP = "169.254.1.120";
const HERE = "http://169.254.169.254/ganeti/latest";

const undo = new Undo();
let bed: Bed;
let images: string;

/** Of an instance whose communication is off, as it is unless somebody wants it. */
function orderOf(name: string, change: Partial<InstallOrder>): InstallOrder {
  const instance = { ...channelInstance(name, INSTALL_IP, { memoryMib: 256 }), communication: false, channelIp: null };
  const parameters = new Map([["root_password", { visibility: "secret", value: secretValue(SECRET) } as const]]);
  return { ...exampleOrder({ instance, applianceIp: INSTALL_IP, timeoutSeconds: 150, parameters }), os: null, appliance: null, completion: "first_boot", ...change };
}
function textsOf(events: readonly AgentEvent[]): string[] {
  return events.flatMap((event) => (event.type === "install.entries" ? event.entries.map(({ text }) => text ?? "") : []));
}

/** What an installer does as far as it matters here: it finds its address, its token and its parameters, writes a system and reports. */
const INSTALLER = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev
for once in 1 2; do while read -r module; do busybox insmod "$module" 2>/dev/null; done </lib/modules/boot; done
last=$(ls -d /sys/class/net/eth* | tail -n 1); last=\${last##*/}
busybox ip link set "$last" up
busybox ip address add "$(sed 's/.*address=\\([0-9.]*\\).*/\\1/' /proc/cmdline)/16" dev "$last"
token=$(busybox wget -q -O - ${HERE}/meta_data.json | jq -r .install.token)
busybox wget -q -O - ${HERE}/os/parameters.json | grep -q ${SECRET} && found=yes
cat /sector >/dev/vda; sync
busybox wget -q -O - --post-data "{\\"message\\":\\"its secret: $found\\"}
" ${HERE}/write
busybox wget -q -O - --post-data "{\\"result\\":{\\"token\\":\\"$token\\",\\"exit_status\\":0}}
" ${HERE}/write
busybox poweroff -f
`;

/**
 * A system's own at its first boot, read from its last disk. Where it has no channel any more, it says so and goes on. By hand: the probe's
 * busybox, which is static, can't look up what "http" is.
 */
const FIRST_BOOT = `http() { { printf "$@"; busybox sleep 2; } | busybox nc 169.254.169.254 80; }
ask() { http 'GET /ganeti/latest/%s HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' "$1"; }
tell() { http 'POST /ganeti/latest/write HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\nContent-Length: %s\\r\\n\\r\\n%s\\n' $((\${#1} + 1)) "$1"; }
token=$(ask meta_data.json | busybox sed -n 's/.*"token": *"\\([^"]*\\)".*/\\1/p')
[ -n "$token" ] || { echo no channel; exit 7; }
ask os/parameters.json | busybox grep -q ${SECRET} && found=yes
tell "{\\"message\\":\\"its secret: $found\\"}"
tell "{\\"result\\":{\\"token\\":\\"$token\\",\\"exit_status\\":0}}"
busybox sleep 1
busybox poweroff -f
exit
`;

beforeAll(async () => {
  images = await mkdtemp(path.join(place.scratch, "images-"));
  await chmod(images, 0o755);
  const files = path.join(images, "medium");
  await mkdir(files);
  await writeFile(path.join(files, "installer"), INSTALLER, { mode: 0o755 });
  await writeFile(path.join(files, "sector"), bootSector("up by a medium"));
  const more = execFileSync("cpio", ["--quiet", "--create", "--format=newc"], { cwd: files, input: "installer\nsector\n" });
  await writeFile(path.join(images, "initrd"), Buffer.concat([await readFile(path.join(place.appliance, "initrd")), more]));
  execFileSync("cp", [await realpath(path.join(place.appliance, "kernel")), path.join(images, "kernel")]);
  execFileSync("cp", ["--sparse=always", path.join(place.guests, "probe.raw"), path.join(images, "probe.raw")]);
  bed = await Bed.start(place, { imageFolders: [await realpath(images)] });
  undo.push(() => bed.end());
});
afterAll(() => undo.all());

describe("with communication off, an install in system mode", () => {
  test("gives a medium's system a channel at the install's address, and the installed one none", async () => {
    const order = orderOf("medium.example.org", {
      medium: { kernel_path: path.join(images, "kernel"), initrd_path: path.join(images, "initrd"), kernel_args: `rdinit=/installer quiet panic=-1 address=${INSTALL_IP}` },
    });
    await bed.client.install(order);
    const { status, events } = await followInstall(bed.client, order.id);
    expect(status).toMatchObject({ state: "done", committed: true, confirmed: true, error: null });
    expect(textsOf(events)).toContain("its secret: yes");
    await bed.untilConsoleSays(order.instance, /up by a medium/);
    expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
    await bed.power(order.instance, "stop");
  }, TEST_MS);

  test("serves an image's first boot until it has reported, and starts it anew without the channel", async () => {
    const image = { location: path.join(images, "probe.raw"), format: "raw", compression: "none", checksum: null, contentChecksum: null } as const;
    const order = orderOf("first-boot.example.org", { operation: "reinstall", image, start: true });
    const instance = { ...order.instance, disks: probeDisks(3) };
    const plan = [...addressPlan({ ip: INSTALL_IP, ip6: channelIp6(INSTALL_IP) }), "report busybox sh /dev/vdc", ""].join("\n");
    await bed.placeDisks(instance, [{ text: "the old system" }, { text: plan }, { text: FIRST_BOOT }]);
    await bed.client.install({ ...order, instance });
    const { status, events } = await followInstall(bed.client, order.id);
    expect(status).toMatchObject({ state: "done", committed: true, confirmed: true, error: null });
    expect(textsOf(events)).toContain("its secret: yes");
    await bed.untilConsoleSays(instance, /probe report status=7 .*no channel/);
    expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
    expect(await bed.client.instance(instance.id)).toMatchObject({ power: "running" });
  }, TEST_MS);
});
