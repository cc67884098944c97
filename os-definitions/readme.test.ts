import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { definitionWarnings } from "#lib/domain/definition-warnings.ts";
import { parseDefinition } from "#lib/domain/os-definition-files.ts";

const readme = readFileSync(path.join(import.meta.dirname, "README.md"), "utf8");
/** The example's files: a line with the path, then a block. */
const files = [...readme.matchAll(/^`my-os\/([\w./]+)`(, executable)?:\n\n```\w*\n([\s\S]*?)^```$/gm)].map(([, name = "", executable, content = ""]) => ({
  path: name,
  mode: executable === undefined ? 0o644 : 0o755,
  content: Buffer.from(content),
}));

describe("the example of os-definitions/README.md", () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "slipway-readme-"));
    for (const { path: name, content } of files) {
      writeFileSync(path.join(scratch, path.basename(name)), content);
      chmodSync(path.join(scratch, path.basename(name)), 0o755);
    }
    writeFileSync(path.join(scratch, "disk"), Buffer.alloc(4_096));
  });
  afterAll(() => rmSync(scratch, { recursive: true }));
  const environment = (code: string) => ({ NODE_ENV: "test" as const, PATH: "/usr/bin:/bin", DISK_COUNT: "1", DISK_0_PATH: path.join(scratch, "disk"), INSTANCE_NAME: "web-3", OSP_GREETING: "Hello", OSP_UNLOCK_CODE: code });

  it("is a definition that nothing is to be said against, with a parameter of each class", () => {
    const parsed = parseDefinition(files);
    expect(parsed.files.map(({ path: name }) => name)).toEqual(["ganeti_api_version", "slipway.json", "untrusted/create", "untrusted/verify"]);
    expect(definitionWarnings(parsed)).toEqual([]);
    expect(parsed.manifest).toMatchObject({ untrustedScripts: ["create", "verify"], hostScripts: [], appliance: "small" });
    expect(parsed.manifest.parameters.map(({ visibility }) => visibility)).toEqual(["public", "private", "secret"]);
  });

  it("writes a boot sector to the disk, reports the steps that it announces, and says no value of a private or secret parameter", () => {
    const said = execFileSync(path.join(scratch, "create"), { env: environment("87654321"), encoding: "utf8" });
    const progress = said.split("\n").filter((line) => line.startsWith("{")).map((line) => z.strictObject({ step: z.string(), percent: z.number() }).parse(JSON.parse(line)));
    expect(progress).toEqual([{ step: "write", percent: 0 }, { step: "write", percent: 100 }]);
    expect(parseDefinition(files).manifest.steps.map(({ id }) => id)).toEqual(["write"]);
    expect(said).not.toContain("87654321");
    const disk = readFileSync(path.join(scratch, "disk"));
    expect(disk.subarray(510, 512)).toEqual(Buffer.from([0x55, 0xaa]));
    expect(disk.subarray(22, 22 + 18).toString()).toBe("Hello from web-3\r\n");
    expect(disk.length).toBe(4_096);
  });

  it("refuses what its parameters' declarations can't, without saying it", () => {
    const verify = (code: string) => spawnSync(path.join(scratch, "verify"), ["parameters"], { env: environment(code), encoding: "utf8" });
    expect(verify("87654321")).toMatchObject({ status: 0, stdout: "" });
    expect(verify("12345678")).toMatchObject({ status: 1, stdout: "unlock_code must be harder to guess.\n" });
  });
});
