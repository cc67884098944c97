import { describe, expect, it } from "vitest";
import { whyNotDeleted, whyNotEdited } from "./why-not.ts";

describe("a network that is in use", () => {
  it("can't be deleted while an instance has one of its addresses, whatever else is reserved", () => {
    expect(whyNotDeleted({ taken: 1204, reserved: 4 })).toBe("Instances have 1,200 addresses of it");
    expect(whyNotDeleted({ taken: 5, reserved: 4 })).toBe("An instance has an address of it");
    expect(whyNotDeleted({ taken: 4, reserved: 4 })).toBeUndefined();
  });

  it("can be edited, but for channels only while nobody has an address of it", () => {
    expect(whyNotEdited({ purpose: "instances", taken: 9, reserved: 0 })).toBeUndefined();
    expect(whyNotEdited({ purpose: "communication", taken: 9, reserved: 9 })).toBeUndefined();
    expect(whyNotEdited({ purpose: "communication", taken: 9, reserved: 8 })).toBe("An instance has an address of it");
  });
});
