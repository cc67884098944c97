import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setupContext } from "#lib/context/open-services.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";
import { setTrust } from "#lib/os-definitions/set-trust.ts";
import { runProgram } from "./testing.ts";

let open: TestServices;
let scratch: string;
let folder: string;
beforeAll(async () => {
  open = await openTestServices();
  scratch = mkdtempSync(path.join(tmpdir(), "slipway-register-"));
  folder = path.join(scratch, "my-os");
  mkdirSync(path.join(folder, "untrusted"), { recursive: true });
  writeFileSync(path.join(folder, "ganeti_api_version"), "20\n");
  for (const script of ["create", "untrusted/create"]) {
    writeFileSync(path.join(folder, script), "#!/bin/sh\n");
    chmodSync(path.join(folder, script), 0o755);
  }
});
afterAll(async () => {
  await open.close();
  rmSync(scratch, { recursive: true });
});

const register = async (...args: readonly string[]): Promise<string> =>
  (await runProgram("cli/os-register.ts", "osRegister", ["--definition", folder, ...args], { SLIPWAY_HOME: open.home, DATABASE_URL: open.database.url.open() })).stdout;

describe("slipway os register", { timeout: 90_000 }, () => {
  test("registers a folder, and says of each content what becomes of trust", async () => {
    expect(await register()).toBe("version 1 of my-os; it is not trusted; no instance uses it\n");
    const ctx = setupContext(open.services);
    const { digest } = await getOsDefinition(ctx, "my-os");
    await setTrust(ctx, "my-os", { trusted: true, digest: digest ?? "", reason: "read line by line" });
    expect(await register()).toBe("version 1 of my-os is the current one already; it is trusted; no instance uses it\n");
    writeFileSync(path.join(folder, "create"), "#!/bin/sh\nexit 0\n");
    expect(await register()).toBe("version 2 of my-os; version 1 was trusted, this one is not; no instance uses it\n");
    expect((await getOsDefinition(ctx, "my-os")).trusted).toBeNull();
  });

  test("says what runs nowhere", async () => {
    chmodSync(path.join(folder, "untrusted/create"), 0o644);
    expect(await register()).toContain("\ncreate: OS definition my-os is not trusted, and has no untrusted create script.\n");
  });

  test("refuses an image's folder without a manifest, and changes nothing", async () => {
    await expect(register("--image", scratch)).rejects.toThrow("The image's folder has no manifest.json");
    expect((await getOsDefinition(setupContext(open.services), "my-os")).version).toBe(3);
  });
});
