import { describe, expect, it } from "vitest";
import { isUnder, navigationFor } from "./navigation.ts";

describe("the navigation", () => {
  it("shows an owner nothing that would be refused", () => {
    const labels = navigationFor({ kind: "user", userId: "u1", name: "ada", role: "owner" }).map(({ label }) => label);
    expect(labels).toEqual(["Overview", "My instances", "OS definitions", "Exports", "Jobs"]);
  });

  it("shows an administrator everything", () => {
    const labels = navigationFor({ kind: "user", userId: "u1", name: "root", role: "administrator" }).map(({ label }) => label);
    expect(labels).toEqual(["Overview", "Instances", "OS definitions", "Nodes", "Networks", "Exports", "Jobs", "Settings"]);
  });

  it("knows where one is", () => {
    expect([isUnder("/", "/"), isUnder("/jobs", "/"), isUnder("/jobs/7", "/jobs"), isUnder("/jobsworth", "/jobs")]).toEqual([true, false, true, false]);
    expect([isUnder("/upload-definition", "/os-definitions"), isUnder("/upload-definition", "/jobs")]).toEqual([true, false]);
    expect([isUnder("/new-network", "/networks"), isUnder("/new-network", "/nodes")]).toEqual([true, false]);
    expect([isUnder("/new-instance", "/instances"), isUnder("/new-instance", "/jobs")]).toEqual([true, false]);
  });
});
