import { describe, expect, it } from "vitest";
import { halvesOf, partOf } from "./halves.ts";

describe("the files of a definition", () => {
  it("are told apart by half, scripts first, which those that can't be executed are not", () => {
    const file = (path: string) => ({ path, mode: path === "rename" ? 0o644 : 0o755, size: 1, digest: "0" });
    const { host, untrusted } = halvesOf(["common.sh", "rename", "untrusted/lib/disk.sh", "create", "untrusted/create", "untrustedness", "slipway.json"].map(file));
    expect(host.map(({ path }) => path)).toEqual(["create", "common.sh", "rename", "slipway.json", "untrustedness"]);
    // What a script may source is read with it.
    expect(partOf("common.sh")).toBe("host half");
    expect(["create", "slipway.json", "variants.list", "untrusted/create", "untrusted/variants.list"].map(partOf)).toEqual(["host half", "definition", "definition", "untrusted half", "untrusted half"]);
    expect(untrusted.map(({ path }) => path)).toEqual(["untrusted/create", "untrusted/lib/disk.sh"]);
  });
});
