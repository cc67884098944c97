import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";

const program = path.resolve(import.meta.dirname, "../slipway");
const run = (...args: string[]) => spawnSync(program, args, { cwd: "/", encoding: "utf8" });

describe("the slipway command", { timeout: 30_000 }, () => {
  test("says from any directory what it can do", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("slipway COMMAND");
  });

  test("says the same, and ends with 2, where nothing is asked of it", () => {
    const { status, stdout, stderr } = run();
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe(run("--help").stdout);
  });

  test("ends with 2 and a line for what it doesn't understand", () => {
    const { status, stdout, stderr } = run("sink");
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^slipway: /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("doesn't mind when nobody reads on", () => {
    const { stderr } = spawnSync("sh", ["-c", `{ sleep 0.3; "$0" --help; echo "status $?" >&2; } | true`, program], { encoding: "utf8" });
    expect(stderr).toBe("status 0\n");
  });
});
