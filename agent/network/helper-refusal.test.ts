import { describe, expect, test } from "vitest";
import { launcherRefusal } from "./helper-refusal.ts";

describe("a launcher that gives up", () => {
  test("says why as the helper does, and whose part it is", () => {
    expect(launcherRefusal("slipway-launch: helper: failed bridge br0: No such device")).toMatchObject({
      code: "unsupported",
      message: "The node's network helper can't make a guest's interfaces: bridge br0: No such device. An administrator has to look at the node.",
    });
    expect(launcherRefusal("slipway-launch: helper: taken the guest's interfaces are in use")).toMatchObject({ code: "conflict" });
  });

  test("isn't taken for one where something else was said", () => {
    for (const said of ["", "qemu-system-x86_64: no such file", "slipway-launch: helper: the connection ended", "slipway-launch: qemu: failed x"]) expect(launcherRefusal(said), said).toBeNull();
  });
});
