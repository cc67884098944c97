import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import type {} from "#scripts/test/require-stack.ts";
import { followInstall } from "../testing/follow.ts";
import { exampleInstance, exampleOrder } from "../testing/orders.ts";
import { bootSector } from "./boot-sector.ts";
import { type AgentProcess, putFile, startAgentProcess } from "./fixtures.ts";

const run = promisify(execFile);
const appliance = inject("artifacts").appliance;
const MIB = 1_048_576;
const DISK_MIB = 64;

let folder: string;
let images: string;
let agent: AgentProcess;
let server: Server | null;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "agent-")));
  images = join(folder, "images");
  await mkdir(images);
  agent = await startAgentProcess(join(folder, "node"), process.execPath, { imageFolders: [images, await realpath(appliance)] });
  server = null;
});
afterEach(async () => {
  for (const name of await readdir(join(agent.dataDir, "instances"))) await agent.client.removeInstance(name, name);
  await agent.end("SIGTERM");
  server?.close();
  await rm(folder, { recursive: true });
});

/** An order of which nothing is a definition's. */
function order(change: Partial<InstallOrder>): InstallOrder {
  const disks = exampleInstance().disks.map((disk) => ({ ...disk, sizeMib: DISK_MIB }));
  return { ...exampleOrder({ instance: exampleInstance({ disks }), timeoutSeconds: 150 }), os: null, appliance: null, completion: "written", ...change };
}
/** Until a system has said this on its serial console. */
async function saw(instance: InstanceSpec, text: string): Promise<void> {
  const log = join(agent.dataDir, "instances", instance.id, "serial.log");
  await expect.poll(() => readFile(log, "utf8").catch(() => ""), { timeout: 60_000 }).toContain(text);
}
/** Serves one file, at a path, to who has the name and password. */
async function serve(path: string, bytes: Buffer, credentials: string): Promise<string> {
  server = createServer((request, response) => {
    const isAllowed = request.headers.authorization === `Basic ${Buffer.from(credentials).toString("base64")}`;
    response.writeHead(isAllowed ? 200 : 401, isAllowed ? { "content-length": bytes.length } : {});
    response.end(isAllowed ? bytes : "no");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${String(port)}${path}`;
}

describe("the agent, with QEMU", () => {
  test("boots a system that is an image and nothing else", async () => {
    const image = Buffer.concat([bootSector("up from an image"), Buffer.alloc(MIB)]);
    const file = zstdCompressSync(image);
    await writeFile(join(images, "system.raw.zst"), file);
    const sha256 = createHash("sha256").update(file).digest("hex");
    const made = order({ image: { location: join(images, "system.raw.zst"), format: "raw", compression: "zstd", checksum: { sha256 }, contentChecksum: null } });
    await agent.client.install(made);
    const { status } = await followInstall(agent.client, made.id);
    expect(status).toMatchObject({ state: "done", committed: true, error: null, facts: { image: { sha256, bytes: file.length, virtualBytes: image.length, writtenSha256: createHash("sha256").update(image).digest("hex") } } });
    await saw(made.instance, "up from an image");
  });

  test("lays a package over a system that an image brought", async () => {
    const tree = join(folder, "tree");
    await mkdir(join(tree, "etc"), { recursive: true });
    await writeFile(join(tree, "etc/motd"), "from the image\n");
    await run("mke2fs", ["-q", "-t", "ext4", "-d", tree, join(images, "root.raw"), "32M"]);
    await writeFile(join(tree, "etc/motd"), "from the package\n");
    await run("tar", ["--create", "--gzip", "--file", join(folder, "site.tgz"), "--owner=0", "--group=0", "--directory", tree, "."]);
    const url = await serve("/site.tgz", await readFile(join(folder, "site.tgz")), "anna:canary-of-the-password-55e1");
    const [kernelDigest, initrdDigest, rootDigest] = await Promise.all(["kernel", "initrd", "root.squashfs"].map((name) => putFile(agent.client, join(appliance, name))));
    if (kernelDigest === undefined || initrdDigest === undefined || rootDigest === undefined) throw new Error("the appliance isn't whole");
    const made = order({
      image: { location: join(images, "root.raw"), format: "raw", compression: "none", checksum: null, contentChecksum: null },
      package: { url, checksum: null, credentials: secretValue("anna:canary-of-the-password-55e1") },
      allowPrivate: ["127.0.0.1"],
      appliance: { kernelDigest, initrdDigest, rootDigest, contract: 2 },
      start: false,
    });
    await agent.client.install(made);
    const { status, events } = await followInstall(agent.client, made.id);
    expect(status).toMatchObject({ state: "done", error: null });
    const { stdout } = await run("debugfs", ["-R", "cat /etc/motd", join(agent.dataDir, "instances", made.instance.id, "disk-0")]);
    expect(stdout).toBe("from the package\n");
    expect(JSON.stringify(events)).not.toContain("canary-of-the-password");
  });

  /** What an installer does, as far as it matters here: finds its network, its disk and its parameters, writes a system, and reports. */
  const INSTALLER = (ending: string): string => `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev
for once in 1 2; do while read -r module; do busybox insmod "$module" 2>/dev/null; done </lib/modules/boot; done
last=$(ls -d /sys/class/net/eth* | tail -n 1); last=\${last##*/}
busybox ip link set "$last" up; busybox ip address add 169.254.0.10/16 dev "$last"
here=http://169.254.169.254/ganeti/latest
word=$(busybox wget -q -O - $here/os/parameters.json | jq -r '.boot_word[0]')
token=$(busybox wget -q -O - $here/meta_data.json | jq -r .install.token)
sed "s/xxxxxxxxxxxx/$word/" /sector >/dev/vda; sync
busybox wget -q -O - --post-data "{\\"message\\":\\"written\\"}
" $here/write
${ending}
`;
  async function medium(ending: string): Promise<InstallOrder> {
    const files = join(folder, "medium");
    await mkdir(files);
    await writeFile(join(files, "installer"), INSTALLER(ending), { mode: 0o755 });
    await writeFile(join(files, "sector"), bootSector("up by xxxxxxxxxxxx"));
    await run("sh", ["-c", "cd \"$1\" && printf 'installer\\nsector\\n' | cpio --quiet -o -H newc >\"$2\"", "sh", files, join(images, "more")]);
    await writeFile(join(images, "initrd"), Buffer.concat([await readFile(join(appliance, "initrd")), await readFile(join(images, "more"))]));
    return order({
      medium: { kernel_path: join(await realpath(appliance), "kernel"), initrd_path: join(images, "initrd"), kernel_args: "rdinit=/installer quiet panic=-1" },
      completion: "first_boot",
      parameters: new Map([["boot_word", { visibility: "private", value: privateValue("a-priv4te-wo") }]]),
    });
  }

  test("installs from a medium's kernel, whose system finds its parameters and reports", async () => {
    const made = await medium(`busybox wget -q -O - --post-data "{\\"result\\":{\\"token\\":\\"$token\\",\\"exit_status\\":0}}
" $here/write; busybox poweroff -f`);
    await agent.client.install(made);
    const { status, events } = await followInstall(agent.client, made.id);
    expect(status).toMatchObject({ state: "done", committed: true, confirmed: true, error: null });
    // The system says the value, and it isn't shown.
    await saw(made.instance, "up by <redacted>");
    expect(JSON.stringify(events)).not.toContain("a-priv4te-wo");
    expect(await agent.client.instance(made.instance.id)).toMatchObject({ power: "running" });
  });

  test("takes the new start of a medium's system for its end, unconfirmed", async () => {
    const made = await medium("busybox reboot -f");
    await agent.client.install({ ...made, start: false });
    const { status } = await followInstall(agent.client, made.id);
    expect(status).toMatchObject({ state: "done", confirmed: false, committed: true });
  });
});
