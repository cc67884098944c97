import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDefinition } from "#lib/domain/os-definition-files.ts";

const folder = join(import.meta.dirname, "debian");
const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(folder, path)).isFile());
const definition = parseDefinition(
  paths.map((path) => ({
    path: relative(folder, join(folder, path)),
    mode: (statSync(join(folder, path)).mode & 0o100) === 0 ? 0o644 : 0o755,
    content: readFileSync(join(folder, path)),
  })),
);
const read = (path: string): string => readFileSync(join(folder, path), "utf8");

describe("the sample OS definition", () => {
  it("is one of Ganeti's, for API version 20, and runs in the appliance only", () => {
    expect(definition.apiVersions).toEqual([20]);
    expect(definition.variants).toEqual(["bookworm", "bookworm-console"]);
    expect(definition.manifest.hostScripts).toEqual([]);
    expect(definition.manifest.untrustedScripts).toEqual(["create", "import", "export", "rename", "verify"]);
  });

  it("declares in slipway.json what Ganeti finds in parameters.list", () => {
    const listed = read("parameters.list").trim().split("\n").map((line) => line.split(" ")[0]);
    expect(definition.manifest.parameters.map(({ name }) => name)).toEqual(listed);
    expect(new Set(definition.manifest.parameters.map(({ visibility }) => visibility))).toEqual(new Set(["public", "private", "secret"]));
  });

  it("announces the steps that its script reports, in their order", () => {
    const reported = [...read("untrusted/create").matchAll(/^step (\w+)$/gm)].map(([, id]) => id);
    expect(definition.manifest.steps.map(({ id }) => id)).toEqual(reported);
    // An import makes the same, in the same order.
    expect([...read("untrusted/import").matchAll(/^step (\w+)$/gm)].map(([, id]) => id)).toEqual(reported);
  });

  it("asks for the disk size and knows the variants that its script checks", () => {
    const check = read("untrusted/lib/check.sh");
    expect(check).toContain(`minimum_disk_mib=${String(definition.manifest.minimumDiskMib)}\n`);
    expect(check).toContain(`${definition.variants.join(" | ")})`);
  });
});
