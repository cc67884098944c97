import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { curlCommand } from "./curl.ts";

const url = "http://127.0.0.1:8080/api/v1/instances/web-3/reinstall";

describe("a request as a shell command", () => {
  it("is one line of JSON where nothing is sealed", () => {
    expect(curlCommand({ method: "POST", url, user: "ada", body: { osType: "debian", parameters: { public: { motto: "it's fine" } } }, sealed: [] })).toBe(
      `curl --fail-with-body --request POST --user ada \\\n  --json '{"osType":"debian","parameters":{"public":{"motto":"it'\\''s fine"}}}' \\\n  ${url}`,
    );
  });

  it("asks for sealed values when it runs, and puts them on no command line", () => {
    const command = curlCommand({
      method: "POST",
      url,
      user: "ada",
      body: { parameters: { public: {} } },
      sealed: [
        { name: "admin_password", visibility: "private" },
        { name: "root_password", visibility: "secret" },
      ],
    });
    expect(command).toContain("read -rsp 'admin_password: ' value1");
    expect(command).toContain(`--rawfile value2 <(printf %s "$value2")`);
    expect(command).toContain(`.parameters.secret["root_password"] = $value2`);
    expect(command).not.toMatch(/--arg\b/);
  });

  it("asks for a package's user name and password too", () => {
    const command = curlCommand({
      method: "POST",
      url,
      user: "ada",
      body: { package: { url: "https://files.test/a.tgz" } },
      sealed: [{ name: "root_password", visibility: "secret" }],
      prompts: [{ label: "user of the package", path: ["package", "username"] }, { label: "password of the package", path: ["package", "password"] }],
    });
    expect(command).toContain("read -rsp 'password of the package: ' value3");
    expect(command).toContain(".package.username = $value2 | .package.password = $value3");
    expect(() => execFileSync("bash", ["-n", "-c", command], { stdio: "pipe" })).not.toThrow();
  });

  it("reads user data from a file when it runs", () => {
    const command = curlCommand({ method: "PATCH", url, user: "ada", body: {}, sealed: [], files: [{ field: "userData", file: "user-data" }] });
    expect(command).toContain("--rawfile file1 user-data");
    expect(command).toContain("'{} | .userData = $file1'");
    expect(() => execFileSync("bash", ["-n", "-c", command], { stdio: "pipe" })).not.toThrow();
  });

  it("is a command that the shell understands", () => {
    const command = curlCommand({ method: "POST", url, user: "o'neil", body: { parameters: { public: { a: `"$(id)' \`id\`` } } }, sealed: [{ name: "x-y", visibility: "secret" }] });
    expect(() => execFileSync("bash", ["-n", "-c", command], { stdio: "pipe" })).not.toThrow();
  });
});
