import { describe, expect, it } from "vitest";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import { draftOfPlan, firstSourceError, hasSystem, NO_IMAGE, NO_SOURCE_DRAFT, sourceBody, sourceErrors, suggestedForm, withFindings } from "./source-draft.ts";

const SHA256 = "a".repeat(64);
const SHA512 = "b".repeat(128);
type Stored = Pick<InstallPlan, "image" | "medium" | "package" | "completion">;
const stored: Stored = {
  image: { location: "https://images.example.test/debian.qcow2", format: "qcow2", compression: "none", checksum: { sha256: SHA256 }, contentChecksum: null },
  medium: { boot_order: "cdrom" },
  package: { url: "https://files.example.test/web.tgz", checksum: null, needsCredentials: true },
  completion: "first_boot",
};
const initial = draftOfPlan(stored);

describe("what an install is made of, as a form holds it", () => {
  it("begins with what would be used anyway, and then sends nothing", () => {
    expect(initial).toMatchObject({ image: { location: "https://images.example.test/debian.qcow2", checksum: SHA256 }, packageUrl: "https://files.example.test/web.tgz", confirmsFirstBoot: false });
    expect(sourceBody(initial, initial)).toEqual({});
    expect(sourceBody(NO_SOURCE_DRAFT, NO_SOURCE_DRAFT)).toEqual({});
  });

  it("sends what was changed, and null for what was emptied", () => {
    expect(sourceBody({ ...initial, image: { ...initial.image, location: " " }, medium: { boot_order: "" }, packageUrl: "" }, initial)).toEqual({ image: null, installParameters: null, package: null });
    expect(sourceBody({ ...NO_SOURCE_DRAFT, image: { ...NO_IMAGE, location: " /srv/images/a.img ", checksum: `SHA512:${SHA512.toUpperCase()}` } }, NO_SOURCE_DRAFT)).toEqual({
      image: { location: "/srv/images/a.img", format: "raw", compression: "none", checksum: { sha512: SHA512 }, contentChecksum: null },
    });
    expect(sourceBody({ ...initial, packageChecksum: SHA256 }, initial)).toEqual({ package: { url: stored.package?.url, checksum: { sha256: SHA256 } } });
  });

  it("says of the target only what is out of the ordinary", () => {
    expect(sourceBody({ ...NO_SOURCE_DRAFT, inPlace: true, replaceDataDisks: [1, 3], confirmsFirstBoot: true }, NO_SOURCE_DRAFT)).toEqual({ inPlace: true, replaceDataDisks: [1, 3], confirmsFirstBoot: true });
  });

  it("takes an image that waits for its first boot for one, and a medium for none", () => {
    expect(draftOfPlan({ ...stored, medium: {} }).confirmsFirstBoot).toBe(true);
    expect(draftOfPlan(null)).toEqual(NO_SOURCE_DRAFT);
  });

  it("declares of a file what its name says, for the person to change", () => {
    expect(["https://x.test/a.qcow2", "https://x.test/a.img.xz?raw=.gz", "/srv/a.raw.zst", "/srv/a.qcow2.gz", "/srv/a"].map((location) => Object.values(suggestedForm(location)))).toEqual([
      ["qcow2", "none"],
      ["raw", "xz"],
      ["raw", "zstd"],
      ["qcow2", "gzip"],
      ["raw", "none"],
    ]);
  });

  it("is checked by the API's own rules before it is sent", () => {
    const wrong = sourceErrors({ ...NO_SOURCE_DRAFT, image: { ...NO_IMAGE, location: "https://ada:secret@x.test/a", checksum: "12" }, packageUrl: "https://x.test/a.zip", medium: { boot_order: "tape", cdrom_image_path: "" } });
    expect(wrong.location).toBe("It must not have a user name or password in it.");
    expect(wrong.checksum).toContain("sha256");
    expect(wrong.packageUrl).toContain(".tar.gz");
    expect(Object.keys(wrong.medium)).toEqual(["boot_order"]);
    expect(firstSourceError(wrong)).toBe("Disk image: it must not have a user name or password in it.");
    expect(firstSourceError(sourceErrors(initial))).toBeNull();
  });

  it("knows whether there is a system in it at all: a package alone is none", () => {
    expect([NO_SOURCE_DRAFT, initial, { ...NO_SOURCE_DRAFT, medium: { boot_order: "network" } }, { ...NO_SOURCE_DRAFT, packageUrl: "https://x.test/a.tgz" }].map(hasSystem)).toEqual([false, true, true, false]);
  });

  it("shows at its input what was refused and what was found there, and what is wrong by itself first", () => {
    const none = sourceErrors(initial);
    const problem = (field: string) => ({ code: "invalid", detail: `${field}: isn't allowed here.`, field, requestId: null }) as const;
    const missing = { id: "image", ok: false, text: "The server has nothing there." } as const;
    expect(withFindings(none, [null, problem("package.url"), problem("installParameters.boot_order")], [missing])).toEqual({ ...none, location: missing.text, packageUrl: "isn't allowed here.", medium: { boot_order: "isn't allowed here." } });
    const ftp = sourceErrors({ ...initial, image: { ...initial.image, location: "ftp://images.example.test/a.img" } });
    expect(withFindings(ftp, [], [missing]).location).toBe(ftp.location);
    expect(withFindings(none, [problem("osType")], [{ ...missing, ok: true }])).toEqual(none);
  });
});
