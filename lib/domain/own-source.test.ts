import { describe, expect, it } from "vitest";
import type { DiskImage } from "./install-source.ts";
import { mergeSource, resolveSource } from "./own-source.ts";

function image(name: string): DiskImage {
  return { location: `https://images.test/${name}`, format: "raw", compression: "none", checksum: null, contentChecksum: null };
}

const definition = { defaultImage: { location: "https://images.test/default", format: "raw", compression: "none", checksum: null }, installParameters: { boot_order: "cdrom" } } as const;

describe("what a request leaves out", () => {
  it("is as it is stored", () => {
    const stored = { image: image("own"), medium: { boot_order: "network" }, package: { url: "https://p.test/a.tgz", checksum: null, needsCredentials: true }, confirmsFirstBoot: true };
    expect(mergeSource(stored, {})).toEqual(stored);
  });

  it("is what the definition gives where nothing is stored", () => {
    expect(resolveSource(mergeSource({}, {}), definition)).toEqual({ image: image("default"), medium: { boot_order: "cdrom" }, package: null, confirmsFirstBoot: false });
  });

  it("isn't stored, so that another definition's defaults count with that", () => {
    expect(mergeSource({}, { package: null })).toEqual({ package: null });
  });
});

describe("what a request says", () => {
  it("counts before what is stored and what the definition gives", () => {
    const own = mergeSource({ image: image("own"), medium: { boot_order: "network" } }, { image: image("sent"), installParameters: { boot_order: "disk" } });
    expect(resolveSource(own, definition)).toMatchObject({ image: image("sent"), medium: { boot_order: "disk" } });
  });

  it("can be that there is none, now and at the next install", () => {
    const own = mergeSource({ image: image("own") }, { image: null, installParameters: null });
    expect(resolveSource(own, definition)).toMatchObject({ image: null, medium: {} });
    expect(resolveSource(mergeSource(own, {}), definition)).toMatchObject({ image: null, medium: {} });
  });
});
