/** Design: install, "What a request can combine": image, OS definition, medium and package, each way that they go together, by systems that boot. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { bootSector } from "#agent/e2e/boot-sector.ts";
import { openStack, registerDefinition } from "../stack.ts";
import { makeDisk, makePackage, toQcow2 } from "./images.ts";
import { Place } from "./place.ts";

const stack = openStack(inject("upFile"));
const appliance = realpathSync(inject("artifacts").appliance);
const id = randomBytes(3).toString("hex");
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

let place: Place;
let disk: Buffer;
/** Where images and packages lie. */
let raw: { readonly location: string; readonly format: "raw"; readonly compression: "zstd"; readonly checksum: { readonly sha256: string } };
let qcow2: string;
let motd: Buffer;

beforeAll(async () => {
  await registerDefinition(stack, "booter");
  place = await Place.open(stack, [appliance]);
  disk = await makeDisk("up by an image");
  const compressed = zstdCompressSync(disk);
  raw = { location: place.serve("/system.raw.zst", compressed), format: "raw", compression: "zstd", checksum: { sha256: sha256(compressed) } };
  qcow2 = path.join(place.node.images, "system.qcow2");
  writeFileSync(qcow2, await toQcow2(disk));
  motd = await makePackage({ "etc/motd": "from the package\n" });
});

afterAll(() => place.close());

describe("an image alone", () => {
  const name = `image-${id}`;

  it("is fetched, unpacked, written and started, and its install has ended when the disk reads back right", async () => {
    const install = await place.create(name, { image: { ...raw, contentChecksum: { sha256: sha256(disk) } } });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ plan: { completion: "written" }, facts: { image: { sha256: raw.checksum.sha256, writtenSha256: sha256(disk) }, package: null } });
    await place.boots(name, "up by an image");
    expect(await place.read(name)).toMatchObject({ osType: null, operState: "running", installSource: { image: { location: raw.location } }, previous: null });
  });

  it("is taken from a folder of the node as qcow2 too, and stays what the instance is installed from", async () => {
    await place.stop(name);
    expect(await place.reinstall(name, { image: { location: qcow2, format: "qcow2" } })).toMatchObject({ state: "done", error: null });
    expect(await place.read(name)).toMatchObject({ operState: "stopped", installSource: { image: { location: qcow2 } } });
    expect(await place.fileIn(name, "/etc/motd")).toBe("from the image\n");
  });

  it("gets the files of a package, in the appliance, with the user name and password that are asked for again", async () => {
    const url = place.serve("/motd.tgz", motd, "anna:a long password");
    const install = await place.reinstall(name, { package: { url, username: "anna", password: "a long password" }, start: true });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ plan: { completion: "written" }, facts: { package: { sha256: sha256(motd) } } });
    expect(await place.fileIn(name, "/etc/motd")).toBe("from the package\n");
    await place.boots(name, "up by an image");
    expect(await place.read(name)).toMatchObject({ installSource: { image: { location: qcow2 }, package: { url, needsCredentials: true } } });
    expect(await place.admin.refused("POST", `/api/v1/instances/${name}/reinstall`, {})).toMatchObject({ code: "missing_secret", status: 422 });
  });

  describe("that can't be installed leaves the system that runs as it is", () => {
    it.each([
      ["a wrong checksum of what is on the disk", () => ({ image: { ...raw, contentChecksum: { sha256: sha256(motd) } }, package: null }), { code: "checksum_mismatch" }],
      ["a page where the package was", () => ({ image: raw, package: { url: `${place.origin}/nothing.tgz` } }), { code: "source_failed" }],
      ["a package that is none", () => ({ image: raw, package: { url: place.serve("/none.tgz", Buffer.from("no archive")) } }), { code: "script_failed" }],
    ] as const)("%s", async (_what, body, error) => {
      const before = await place.read(name);
      const digest = await place.digestOfDisk(name);
      const install = await place.reinstall(name, body());
      expect(install).toMatchObject({ state: "failed", error });
      expect(await place.digestOfDisk(name)).toBe(digest);
      expect(await place.read(name)).toEqual(before);
      expect(before.operState).toBe("running");
    });
  });
});

describe("an OS definition", () => {
  const name = `scripts-${id}`;
  const parameters = (word: string, behave = "install") => ({ public: { word, behave }, private: { remark: "a private remark" }, secret: { passphrase: "a long passphrase" } });

  it("finds the image on its disk, which was written before", async () => {
    const install = await place.create(name, { osType: "booter+default", image: raw, parameters: parameters("one") });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ plan: { completion: "reported" }, facts: { image: { writtenSha256: sha256(disk) } } });
    await place.boots(name, "up by an image and a definition, one");
    expect([await place.fileIn(name, "/etc/motd"), await place.fileIn(name, "/etc/word")]).toEqual(["from the image\n", "one\n"]);
  });

  it("that fails after the image was written leaves the system of before", async () => {
    await place.stop(name);
    const digest = await place.digestOfDisk(name);
    expect(await place.reinstall(name, { parameters: parameters("two", "fail") })).toMatchObject({ state: "failed", error: { code: "script_failed", step: "write" } });
    expect(await place.digestOfDisk(name)).toBe(digest);
    expect(await place.read(name)).toMatchObject({ operState: "stopped", parameters: expect.arrayContaining([expect.objectContaining({ name: "word", value: "one" })]) as unknown });
  });

  it("is followed by the package", async () => {
    const url = place.serve("/both.tgz", motd);
    expect(await place.reinstall(name, { image: null, package: { url }, parameters: parameters("three") })).toMatchObject({ state: "done", error: null });
    await place.start(name);
    await place.boots(name, "up by a definition, three");
    await place.stop(name);
    expect([await place.fileIn(name, "/etc/motd"), await place.fileIn(name, "/etc/word")]).toEqual(["from the package\n", "three\n"]);
  });

  it("goes with all three", async () => {
    expect(await place.reinstall(name, { image: raw, parameters: parameters("four"), start: true })).toMatchObject({ state: "done", error: null });
    await place.boots(name, "up by an image and a definition, four");
    expect([await place.fileIn(name, "/etc/motd"), await place.fileIn(name, "/etc/word")]).toEqual(["from the package\n", "four\n"]);
  });
});

describe("a medium", () => {
  const name = `medium-${id}`;
  const parameters = { public: { ending: "report" }, private: { boot_word: "a-priv4te-wo" } };
  let medium: Record<string, string>;

  /** What an installer does, as far as it matters here: finds its network, its disk and its parameters, writes a system, and reports or doesn't. */
  const INSTALLER = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev
for once in 1 2; do while read -r module; do busybox insmod "$module" 2>/dev/null; done </lib/modules/boot; done
last=$(ls -d /sys/class/net/eth* | tail -n 1); last=\${last##*/}
busybox ip link set "$last" up; busybox ip address add 169.254.0.10/16 dev "$last"
here=http://169.254.169.254/ganeti/latest
get() { busybox wget -q -O - "$here/$1"; }
ending=$(get os/parameters.json | jq -r '.ending[0]')
token=$(get meta_data.json | jq -r .install.token)
get os/parameters.json | jq -j '.boot_word[0]' | sha256sum >/tmp/word
cp /sector /dev/vda; sync
say() { busybox wget -q -O - --post-data "$1
" $here/write; }
say "{\\"message\\":\\"the word is $(cut -d ' ' -f 1 /tmp/word)\\"}"
case $ending in
report) say "{\\"result\\":{\\"token\\":\\"$token\\",\\"exit_status\\":0}}" ;;
fail) say "{\\"result\\":{\\"token\\":\\"$token\\",\\"exit_status\\":7}}" ;;
esac
busybox poweroff -f
`;

  beforeAll(async () => {
    const folder = path.join(place.node.images, "medium");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "installer"), INSTALLER, { mode: 0o755 });
    writeFileSync(path.join(folder, "sector"), bootSector("up by a medium"));
    const initrd = path.join(place.node.images, "initrd");
    await promisify(execFile)("sh", ["-c", 'cd "$1" && printf "installer\\nsector\\n" | cpio --quiet -o -H newc >"$2"', "sh", folder, initrd]);
    writeFileSync(initrd, Buffer.concat([readFileSync(path.join(appliance, "initrd")), readFileSync(initrd)]));
    medium = { kernel_path: path.join(appliance, "kernel"), initrd_path: initrd, kernel_args: "rdinit=/installer quiet panic=-1" };
  });

  it("starts the machine, whose system finds its parameters and reports", async () => {
    const install = await place.create(name, { memoryMib: 256, installParameters: medium, parameters });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ plan: { completion: "first_boot" }, confirmed: true });
    expect((await place.admin.log(install.id)).map(({ text }) => text)).toContain(`the word is ${sha256(Buffer.from("a-priv4te-wo"))}`);
    await place.boots(name, "up by a medium");
  });

  it("that reports a failure leaves disk and power as they were", async () => {
    await place.stop(name);
    const digest = await place.digestOfDisk(name);
    expect(await place.reinstall(name, { parameters: { public: { ending: "fail" } } })).toMatchObject({ state: "failed", error: { code: "script_failed" } });
    expect(await place.digestOfDisk(name)).toBe(digest);
    expect(await place.read(name)).toMatchObject({ operState: "stopped", installSource: { medium } });
  });

  it("that goes off and says nothing has ended, unconfirmed", async () => {
    const install = await place.reinstall(name, { parameters: { public: { ending: "silence" } } });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ confirmed: false });
    expect(await place.read(name)).toMatchObject({ operState: "stopped" });
  });

  it("may be a floppy", async () => {
    const floppy = place.serve("/boot.floppy", Buffer.concat([bootSector("up from a floppy", "power off"), Buffer.alloc(1_474_048)]));
    // It writes nothing itself: there is an image beneath it.
    const location = place.serve("/beneath.raw", Buffer.concat([bootSector("up beneath a floppy"), Buffer.alloc(512)]));
    const install = await place.reinstall(name, { image: { location, format: "raw" }, installParameters: { floppy_image_path: floppy, boot_order: "floppy" }, start: true });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ confirmed: false });
    await place.boots(name, "up beneath a floppy");
  });
});
