import { describe, expect, test } from "vitest";
import { parseGanetiConfig } from "#lib/domain/ganeti-config.ts";
import type { ImportFolder } from "#lib/domain/plan-ganeti-import.ts";
import { planImport } from "#lib/domain/plan-ganeti-import.ts";
import { describeImport, importReport } from "./describe-import.ts";
import { configJson, instanceJson, uuidOf } from "./testing-config.ts";

const FOLDER: ImportFolder = { name: "debootstrap", problem: null, lost: [], facts: { apiVersions: [20], variants: ["default"], parameters: [], digest: "d" } };
const numbers = Array.from({ length: 14 }, (_, index) => index + 1);
const config = parseGanetiConfig(configJson([...numbers.map((number) => instanceJson(number)), instanceJson(15, { hypervisor: "xen-pvm" }), instanceJson(16, { name: "\u001b[2J" })]));
const plan = planImport(config, [FOLDER], { definitions: new Map(), nodes: new Set(), instances: new Set(["instance1.example.test"]), ids: new Set(), macs: new Set(), defaults: new Set() });

describe("what is said of an import", () => {
  test("counts first, then says each reason once with the names that it is about", () => {
    const lines = describeImport(config, plan, false);
    expect(lines).toContain("  instances                     13             1             2");
    expect(lines[lines.indexOf("  Its hypervisor is not KVM.") + 1]).toBe("    instances: instance15.example.test (xen-pvm)");
    const contents = lines[lines.indexOf("  What is on its disks stays where it is; a reinstall fills a new first disk.") + 1];
    expect(contents).toMatch(/instance11\.example\.test \(plain\) and 3 more, which --json lists$/);
    expect(lines.at(-1)).toBe("Nothing has been changed. --apply does it.");
  });

  test("names by its place what has no name that can be shown", () => {
    const lines = describeImport(config, plan, true).join("\n");
    expect(lines).toContain(`instances.${uuidOf(1_000_016)}`);
    expect(lines).not.toContain("\u001b");
  });

  test("has names and classes of parameters for machines, and no value, not even what stands for one", () => {
    const json = JSON.stringify(importReport(config, plan, false));
    expect(json).toContain('{"name":"root_password","visibility":"private"}');
    expect(json).not.toMatch(/redacted|private-of|ext4/);
  });
});
