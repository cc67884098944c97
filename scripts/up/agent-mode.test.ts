import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { agentConfigFile, changesMode, wantedMode, writeMode } from "./agent-mode.ts";
import { readSettings } from "./settings.ts";

const HELPER = { socket: "/run/slipway/helper/helper.sock", launcher: "/usr/local/lib/slipway/slipway-launch" };
let directory: string;
let guest: ChildProcess | null = null;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "slipway-mode-"));
  writeFileSync(agentConfigFile(directory), JSON.stringify({ nodeName: "node1", osRoots: ["/srv/os"], mode: "session" }));
});
afterEach(async () => {
  if (guest !== null) {
    guest.kill("SIGKILL");
    await once(guest, "close");
    guest = null;
  }
  rmSync(directory, { recursive: true });
});

const written = (): unknown => JSON.parse(readFileSync(agentConfigFile(directory), "utf8"));

/** Something that looks like a virtual machine from outside: a program of that name in a folder of the agent's. */
async function startGuest(): Promise<void> {
  const folder = path.join(directory, "data/instances/one");
  mkdirSync(folder, { recursive: true });
  const program = path.join(directory, "qemu-system-x86_64");
  copyFileSync("/usr/bin/sleep", program);
  guest = spawn(program, ["60"], { cwd: folder, stdio: "ignore" });
  await once(guest, "spawn");
}

describe("an agent's mode", () => {
  test("goes to system and back, and leaves what else an administrator has set", () => {
    expect(changesMode(directory, "system")).toBe(true);
    writeMode(directory, { mode: "system", helper: HELPER });
    expect(written()).toEqual({ nodeName: "node1", osRoots: ["/srv/os"], mode: "system", helper: HELPER });
    expect(changesMode(directory, "system")).toBe(false);
    writeMode(directory, { mode: "session" });
    expect(written()).toEqual({ nodeName: "node1", osRoots: ["/srv/os"], mode: "session" });
  });

  test("doesn't change while virtual machines run, and the refusal names the command", async () => {
    await startGuest();
    expect(() => changesMode(directory, "system")).toThrow(/^a virtual machine runs in session mode.* npm run down$/);
    // What runs is no hindrance to going on as before.
    expect(changesMode(directory, "session")).toBe(false);
  });

  test("is no change before there is an agent", () => {
    rmSync(agentConfigFile(directory));
    expect(changesMode(directory, "system")).toBe(false);
  });
});

describe("SLIPWAY_MODE", () => {
  afterEach(() => {
    for (const name of ["SLIPWAY_MODE", "SLIPWAY_HELPER_SOCKET", "SLIPWAY_HELPER_LAUNCHER"]) Reflect.deleteProperty(process.env, name);
  });

  test("is session unless somebody says system", () => {
    Reflect.deleteProperty(process.env, "SLIPWAY_MODE");
    expect(wantedMode(readSettings("/checkout"))).toEqual({ mode: "session" });
  });

  test("of system needs the helper to have been started", () => {
    process.env["SLIPWAY_MODE"] = "system";
    expect(() => wantedMode(readSettings("/checkout"))).toThrow("the first half starts the helper");
    Object.assign(process.env, { SLIPWAY_HELPER_SOCKET: HELPER.socket, SLIPWAY_HELPER_LAUNCHER: HELPER.launcher });
    expect(wantedMode(readSettings("/checkout"))).toEqual({ mode: "system", helper: HELPER });
  });

  test("is refused where it is neither", () => {
    process.env["SLIPWAY_MODE"] = "both";
    expect(() => readSettings("/checkout")).toThrow("SLIPWAY_MODE can't be used");
  });
});
