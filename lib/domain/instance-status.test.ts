import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVE_STATES, FINAL_STATES } from "./install-states.ts";
import { INSTANCE_ACTIONS } from "./instance.ts";
import type { ActionFacts } from "./instance-status.ts";
import { blockedActions, instanceStatus } from "./instance-status.ts";

const online = { name: "n1", state: "online", stateReason: null, offline: false } as const;
const facts = (change: Partial<ActionFacts> = {}): ActionFacts => ({ installState: "done", adminState: "running", operState: "running", node: online, hasDefinition: true, hasPrevious: true, rescue: false, ...change });

describe("the status", () => {
  it.each([
    [facts(), "running"],
    [facts({ operState: "stopped" }), "error_down"],
    [facts({ operState: null }), "error_down"],
    [facts({ adminState: "stopped" }), "error_up"],
    [facts({ adminState: "stopped", operState: "stopped" }), "stopped"],
    [facts({ installState: null }), "not_installed"],
    [facts({ installState: null, node: { ...online, state: "enrolling" } }), "not_installed"],
    [facts({ installState: "timed_out" }), "install_failed"],
    [facts({ installState: "preparing", node: { ...online, state: "unreachable" } }), "installing"],
    [facts({ node: { ...online, state: "unreachable" } }), "node_unreachable"],
    [facts({ node: { ...online, offline: true } }), "node_unreachable"],
  ])("%# is derived", (given, status) => {
    expect(instanceStatus(given)).toBe(status);
  });
});

describe("blocked actions", () => {
  it("are all with the job's number while a job holds the instance, except cancel", () => {
    const blocked = blockedActions(facts(), { jobId: 12, cancelRequested: false });
    expect(Object.keys(blocked).toSorted()).toEqual(INSTANCE_ACTIONS.filter((action) => action !== "cancel").toSorted());
    expect(blocked.start).toContain("12");
    expect(blockedActions(facts(), { jobId: 12, cancelRequested: true }).cancel).toContain("already");
  });

  it("leave a failed creation to be reinstalled or deleted", () => {
    const blocked = blockedActions(facts({ installState: "failed", adminState: "stopped", operState: "stopped" }), null);
    expect(Object.keys(blocked).toSorted()).toEqual(["cancel", "export", "reboot", "rename", "snapshot", "start", "stop"]);
  });

  it("let an instance be looked at with the appliance, and come back from there by a reboot", () => {
    for (const operState of ["stopped", "running"] as const) expect(blockedActions(facts({ operState }), null)).not.toHaveProperty("rescue");
    expect(blockedActions(facts(), null).snapshot).toBe("It is running.");
    const rescued = blockedActions(facts({ rescue: true }), null);
    expect(rescued).toMatchObject({ start: expect.stringMatching(/^It runs its rescue system/) as unknown, rescue: "It runs its rescue system." });
    expect(rescued).not.toHaveProperty("stop");
    expect(rescued).not.toHaveProperty("reboot");
  });

  it("name what is missing: a previous system, a definition", () => {
    expect(blockedActions(facts(), null)).not.toHaveProperty("rollback");
    expect(blockedActions(facts({ hasPrevious: false }), null).rollback).toBe("No previous system is kept.");
    expect(Object.keys(blockedActions(facts({ hasDefinition: false }), null)).toSorted()).toEqual(["cancel", "export", "rename", "snapshot", "start"]);
  });

  it("say why, in a sentence, and never block both starting and stopping what runs well", () => {
    fc.assert(
      fc.property(fc.constantFrom(null, ...ACTIVE_STATES, ...FINAL_STATES), fc.constantFrom("running" as const, "stopped" as const, null), fc.boolean(), (installState, operState, offline) => {
        const blocked = blockedActions(facts({ installState, operState, node: { ...online, offline } }), null);
        for (const reason of Object.values(blocked)) expect(reason).toMatch(/^[A-Z].*\.$/);
        if (installState === "done" && !offline) expect([blocked.start, blocked.stop].filter((reason) => reason !== undefined)).toHaveLength(1);
      }),
    );
  });
});
