import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { daemonEnvironment } from "./daemon-environment.ts";
import { readSettings } from "./settings.ts";

const NAMES = ["SLIPWAY_MASTER_KEY", "SLIPWAY_MASTER_KEY_FILE", "CREDENTIALS_DIRECTORY"];
let credentials: string;
beforeEach(() => {
  credentials = mkdtempSync(path.join(tmpdir(), "slipway-credentials-"));
});
afterEach(() => {
  for (const name of NAMES) Reflect.deleteProperty(process.env, name);
  rmSync(credentials, { recursive: true });
});

describe("the master key's settings", () => {
  test("are read for the controller, and reach no other program", () => {
    Object.assign(process.env, { SLIPWAY_MASTER_KEY: "a key", SLIPWAY_MASTER_KEY_FILE: "/a/file" });
    expect(readSettings("/checkout").masterKey).toEqual({ SLIPWAY_MASTER_KEY: "a key", SLIPWAY_MASTER_KEY_FILE: "/a/file" });
    for (const name of NAMES) expect(daemonEnvironment()).not.toHaveProperty(name);
  });

  test("name the folder of credentials only where ours is in it", () => {
    process.env["CREDENTIALS_DIRECTORY"] = credentials;
    expect(readSettings("/checkout").masterKey).toEqual({});
    writeFileSync(path.join(credentials, "slipway-master-key"), "a key");
    expect(readSettings("/checkout").masterKey).toEqual({ CREDENTIALS_DIRECTORY: credentials });
  });
});
