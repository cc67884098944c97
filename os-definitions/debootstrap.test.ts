import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDefinition } from "#lib/domain/os-definition-files.ts";

const folder = join(import.meta.dirname, "debootstrap");
const hooks = join(folder, "layer/etc/ganeti/instance-debootstrap/hooks");
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
// The package's own files are fetched when the definition is built; these stand in for them.
const { manifest } = parseDefinition([
  { path: "ganeti_api_version", mode: 0o644, content: Buffer.from("20\n") },
  { path: "parameters.list", mode: 0o644, content: Buffer.from("filesystem The filesystem type\n") },
  { path: "untrusted/create", mode: 0o755, content: Buffer.from("#!/bin/bash\n") },
  { path: "slipway.json", mode: 0o644, content: readFileSync(join(folder, "slipway.json")) },
]);

describe("the definition made of Debian's ganeti-instance-debootstrap", () => {
  it("asks for the full appliance, and lies over it with its configuration and cache", () => {
    expect(manifest).toMatchObject({ appliance: "full", imageUse: "layer", bootMarker: "login:", untrustedScripts: ["create"], hostScripts: [] });
  });

  it("adds only a secret to the package's parameters, which a hook takes through a pipe", () => {
    expect(manifest.parameters.map(({ name, visibility, required }) => [name, visibility, required])).toEqual([
      ["filesystem", "public", false],
      ["root_password", "secret", true],
    ]);
    expect(read("layer/etc/ganeti/instance-debootstrap/hooks/50-root-password")).toContain(`printf 'root:%s\\n' "$OSP_ROOT_PASSWORD" |`);
  });

  it("has hooks under names that run-parts takes, which can be run", () => {
    const names = readdirSync(hooks);
    expect(names.filter((name) => !/^[a-zA-Z0-9_-]+$/.test(name))).toEqual([]);
    expect(names.map((name) => statSync(join(hooks, name)).mode & 0o111)).toEqual(names.map(() => 0o111));
  });

  it("looks for the cache under the name that it is built with", () => {
    const settings = read("layer/etc/default/ganeti-instance-debootstrap");
    const value = (name: string): string | undefined => new RegExp(`^${name}=(.+)$`, "m").exec(settings)?.[1];
    const built = read("build");
    expect(built).toContain(`suite=${String(value("SUITE"))}\narchitecture=${String(value("ARCH"))}\n`);
    expect(built).toContain('"$cache/cache-$suite-$architecture.tar"');
  });
});
