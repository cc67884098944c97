import { describe, expect, it } from "vitest";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import { doneReason, doneWord, leftBehind } from "./outcome-words.ts";

const plan = (change: Partial<InstallPlan>): InstallPlan => ({
  operation: "reinstall", osType: "debian", definitionVersion: 1, definitionDigest: "d", image: null, runs: [], appliance: null, medium: {}, package: null, verifiesFirst: false, completion: "reported",
  replacesDisk: { index: 0, sizeMib: 2048 }, replacesDataDisks: [], keepsDisks: [], inPlace: false, retainPreviousSeconds: 1, timeoutSeconds: null, start: null, steps: [], ...change,
});

describe("how an install ended, in words", () => {
  it("doesn't call installed what nobody confirmed", () => {
    const medium = plan({ completion: "first_boot" });
    expect([doneWord({ plan: medium, confirmed: false }), doneWord({ plan: medium, confirmed: true })]).toEqual(["Ended, unconfirmed.", "Installed."]);
    expect(doneReason({ plan: medium, confirmed: false })).toContain("never said");
  });

  it("is named after what was done", () => {
    expect((["import", "export", "rename"] as const).map((operation) => doneWord({ plan: plan({ operation }), confirmed: null }))).toEqual(["Imported.", "Exported.", "Renamed."]);
  });

  it("says that nothing is as before where a disk was written in place", () => {
    expect(leftBehind({ plan: plan({ inPlace: true }), overwritten: true })).toContain("has no system");
    expect(leftBehind({ plan: plan({ inPlace: true }), overwritten: false })).toContain("as it was before");
  });
});
