import { describe, expect, it } from "vitest";
import { halvesOf } from "./halves.ts";

describe("the files of a definition", () => {
  it("are told apart by half, scripts first", () => {
    const file = (path: string) => ({ path, mode: 0o755, size: 1, digest: "0" });
    const { host, untrusted } = halvesOf(["common.sh", "untrusted/lib/disk.sh", "create", "untrusted/create", "untrustedness", "slipway.json"].map(file));
    expect(host.map(({ path }) => path)).toEqual(["create", "common.sh", "slipway.json", "untrustedness"]);
    expect(untrusted.map(({ path }) => path)).toEqual(["untrusted/create", "untrusted/lib/disk.sh"]);
  });
});
