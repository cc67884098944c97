import { describe, expect, it } from "vitest";
import type { InstallView } from "#lib/domain/views.ts";
import { shownSteps, stepLabel } from "./steps.ts";

type Install = Parameters<typeof shownSteps>[0];

function install(change: Partial<Install>): Install {
  const step = (id: string, startedAt: string | null, endedAt: string | null): InstallView["steps"][number] => ({ id, label: id.toUpperCase(), source: "guest", startedAt, endedAt });
  const plan: Pick<InstallView["plan"], "steps"> = { steps: ["disk", "unpack", "boot"].map((id) => ({ id, label: id.toUpperCase(), weight: 1 })) };
  return {
    state: "installing",
    step: "unpack",
    error: null,
    steps: [step("disk", "2026-11-20T05:00:00Z", "2026-11-20T05:00:01Z"), step("unpack", "2026-11-20T05:00:01Z", null)],
    // The steps of a plan are all that is looked at here.
    plan: plan as InstallView["plan"],
    ...change,
  };
}

const statuses = (change: Partial<Install>): readonly string[] => shownSteps(install(change)).map(({ id, status }) => `${id} ${status}`);

describe("the steps of an install", () => {
  it("fill up to the one at hand, and show those ahead", () => expect(statuses({})).toEqual(["disk done", "unpack now", "boot ahead"]));

  it("keep a step that the plan did not know, where it happened", () => {
    const extra = { id: "mkfs", label: "Filesystem", source: "guest", startedAt: "2026-11-20T05:00:01Z", endedAt: null } as const;
    const known = install({}).steps.slice(0, 1);
    expect(statuses({ steps: [...known, extra] })).toEqual(["disk done", "mkfs now", "unpack ahead", "boot ahead"]);
  });

  it("name the step in which it failed, and reach no further", () => {
    expect(statuses({ state: "failed", error: { code: "script_failed", message: "", step: "unpack" } })).toEqual(["disk done", "unpack failed", "boot skipped"]);
  });

  it("blame the step at hand where the error names none", () => {
    expect(statuses({ state: "timed_out", error: { code: "timed_out", message: "", step: null } })).toEqual(["disk done", "unpack failed", "boot skipped"]);
  });

  it("blame nothing where somebody cancelled", () => expect(statuses({ state: "cancelled" })).toEqual(["disk done", "unpack cancelled", "boot skipped"]));

  it("are done when the install is, said or not", () => expect(statuses({ state: "done" })).toEqual(["disk done", "unpack done", "boot skipped"]));

  it("are called as the plan calls them", () => {
    expect(stepLabel(install({}), "boot")).toBe("BOOT");
    expect(stepLabel(install({}), "elsewhere")).toBe("elsewhere");
  });
});
