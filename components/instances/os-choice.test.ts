import { describe, expect, it } from "vitest";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { chosenOs, NO_OS, osChoices, withCurrent } from "./os-choice.ts";

function definition(name: string, change: Partial<OsDefinitionSummary> = {}): OsDefinitionSummary {
  return { id: name, name, title: name, variants: [], owner: null, trusted: null, hidden: false, blacklisted: false, version: 1, digest: "0", instanceCount: 0, installRefusal: null, ...change };
}

const offered = (definitions: readonly OsDefinitionSummary[], current: string | null) => osChoices(definitions, current).map(({ osType }) => osType);

describe("what a form offers to install", () => {
  it("is each variant of what may be used", () => {
    const all = [definition("debian", { variants: ["lab", "web"] }), definition("plain"), definition("old", { hidden: true }), definition("bad", { blacklisted: true }), definition("none", { version: null })];
    expect(offered(all, null)).toEqual(["debian+lab", "debian+web", "plain"]);
    expect(offered(all, "bad")).toEqual(["debian+lab", "debian+web", "plain", "bad"]);
  });

  it("begins with what was asked for, then with what is there", () => {
    const choices = osChoices([definition("a"), definition("b")], null);
    expect([chosenOs(choices, "b", "a"), chosenOs(choices, "gone", "b"), chosenOs(choices, undefined, null), chosenOs([], "a", null)]).toEqual(["b", "b", "a", null]);
  });

  it("is nothing where an image or a medium alone was asked for", () => {
    const choices = osChoices([definition("a")], null);
    expect(chosenOs(choices, NO_OS, "a")).toBeNull();
  });

  it("never puts another system in the place of one that is seen no longer", () => {
    const choices = withCurrent(osChoices([definition("a")], "shared+lab"), "shared+lab");
    expect(chosenOs(choices, undefined, "shared+lab")).toBe("shared+lab");
    expect(withCurrent(choices, "a")).toBe(choices);
  });
});
