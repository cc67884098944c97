/** A system that is started for real: installed by a definition and a package, taken as an image, and waited for until it reports. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { openStack, registerDefinition } from "../stack.ts";
import { makePackage } from "./images.ts";
import { Place } from "./place.ts";

const stack = openStack(inject("upFile"));
const id = randomBytes(3).toString("hex");
const talker = `talker-${id}`;
const copy = `copy-${id}`;
const body = { memoryMib: 256, disks: [{ sizeMib: 96 }], communication: true };

let place: Place;
beforeAll(async () => {
  await registerDefinition(stack, "talker", inject("artifacts").image);
  place = await Place.open(stack);
});

afterAll(() => place.close());

it("a package changes how the system starts that a definition has installed", async () => {
  const conf = "default talk\nlabel talk\n  linux /vmlinuz\n  initrd /initrd\n  append console=ttyS0,115200 quiet panic=-1 mitigations=off laid.by=package\n";
  const url = place.serve("/talker.tar.gz", await makePackage({ "boot/extlinux/extlinux.conf": conf }));
  expect(await place.create(talker, { ...body, osType: "talker+default", package: { url }, parameters: { secret: { passphrase: "a long passphrase" } } })).toMatchObject({ state: "done", error: null, firstBootAt: expect.any(String) as unknown });
  await place.boots(talker, "laid.by=package");
});

it("an image that sets itself up is waited for, without a definition, until it reports", async () => {
  await place.stop(talker);
  const image = path.join(place.node.images, "talker.raw.zst");
  writeFileSync(image, zstdCompressSync(readFileSync(path.join(await place.folderOf(talker), "disk-0"))));
  const install = await place.create(copy, { ...body, image: { location: image, format: "raw", compression: "zstd" }, confirmsFirstBoot: true, parameters: { public: { report: "0" }, secret: { passphrase: "another passphrase" } } });
  expect(install).toMatchObject({ state: "done", error: null });
  expect(await place.readInstall(install.id)).toMatchObject({ plan: { completion: "first_boot" }, confirmed: true });
  await place.boots(copy, "the talker is here");
  expect(await place.read(copy)).toMatchObject({ osType: null, operState: "running" });
});

it("one that reports a failure gives its place back to the system of before", async () => {
  await place.stop(copy);
  const digest = await place.digestOfDisk(copy);
  const parameters = { public: { report: "3" }, secret: { passphrase: "another passphrase" } };
  expect(await place.reinstall(copy, { parameters, start: true })).toMatchObject({ state: "failed", error: { code: "script_failed", step: "boot" } });
  expect(await place.digestOfDisk(copy)).toBe(digest);
  expect(await place.read(copy)).toMatchObject({ operState: "stopped", parameters: expect.arrayContaining([expect.objectContaining({ name: "report", value: "0" })]) as unknown });
});
