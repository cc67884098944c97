import { describe, expect, it } from "vitest";
import { crumbsOf } from "./crumbs.ts";

function labels(path: string): string {
  return crumbsOf(path, "My instances").map(({ label }) => label).join(" / ");
}

describe("where one is", () => {
  it.each([
    ["/", "Overview"],
    ["/instances", "My instances"],
    ["/new-instance", "My instances / New instance"],
    ["/instances/web-3.example.test", "My instances / web-3.example.test"],
    ["/instances/web-3/install", "My instances / web-3"],
    ["/instances/web-3/reinstall", "My instances / web-3 / Reinstall"],
    ["/instances/jobs", "My instances / jobs"],
    ["/os-definitions/debian", "OS definitions / debian"],
    ["/os-definitions/debian/files", "OS definitions / debian"],
    ["/os-definitions/debian/diff", "OS definitions / debian / Diff"],
    ["/os-definitions/files", "OS definitions / files"],
    ["/instances/web-3/communication", "My instances / web-3"],
    ["/instances/web-3/console", "My instances / web-3"],
    ["/exports", "Exports"],
    ["/exports/4f", "Exports / 4f"],
    ["/settings/appliances", "Settings"],
    ["/networks/lan", "Networks / lan"],
    ["/new-network", "Networks / New network"],
    ["/upload-definition", "OS definitions / Upload a definition"],
    ["/settings", "Settings"],
    ["/settings/parameters", "Settings"],
    ["/jobs/17", "Jobs / 17"],
  ])("is said of %s as %s", (path, words) => {
    expect(labels(path)).toBe(words);
  });

  it("leads back to each place on the way", () => {
    expect(crumbsOf("/instances/web-3/reinstall", "Instances").map(({ href }) => href)).toEqual(["/instances", "/instances/web-3", "/instances/web-3/reinstall"]);
    expect(crumbsOf("/new-instance", "Instances").map(({ href }) => href)).toEqual(["/instances", "/new-instance"]);
  });
});
