import { describe, expect, it } from "vitest";
import { whyNotSent, whyNotSentToAppliance } from "./why-not.ts";

describe("a line to a guest", () => {
  it("can be sent while it runs with a channel", () => {
    expect(whyNotSent({ status: "running", operState: "running", communication: true })).toBeNull();
    expect(whyNotSent({ status: "error_up", operState: "running", communication: true })).toBeNull();
  });

  it("can't be sent otherwise, and it is said why", () => {
    expect(whyNotSent({ status: "running", operState: "running", communication: false })).toMatch(/mechanism is off/);
    expect(whyNotSent({ status: "stopped", operState: "stopped", communication: true })).toMatch(/doesn’t run/);
    expect(whyNotSent({ status: "node_unreachable", operState: "running", communication: true })).toMatch(/node/);
    expect(whyNotSent({ status: "installing", operState: "running", communication: true })).toMatch(/install is running/);
  });

  it("goes to an appliance from its start to its end", () => {
    const appliance = { appliance: "small" } as const;
    const why = (state: Parameters<typeof whyNotSentToAppliance>[0]["state"]) => whyNotSentToAppliance({ state, plan: appliance });
    expect([why("imaging"), why("installing"), why("personalizing"), why("verifying")]).toEqual([null, null, null, null]);
    expect([why("queued"), why("preparing")]).toEqual(["The appliance hasn’t started yet.", "The appliance hasn’t started yet."]);
    expect([why("starting"), why("done"), why("failed")]).toEqual(["The appliance has gone.", "The appliance has gone.", "The appliance has gone."]);
    expect(whyNotSentToAppliance({ state: "installing", plan: { appliance: null } })).toMatch(/no appliance/);
  });
});
