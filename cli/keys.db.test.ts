import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestDatabase } from "#lib/db/testing.ts";
import { createTestDatabase } from "#lib/db/testing.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import type { TestController } from "#lib/secrets/testing.ts";
import { insertPlaces, openTestController, readValue, storeValue } from "#lib/secrets/testing.ts";
import type { CommandResult } from "./testing.ts";
import { makeHome, runSlipway } from "./testing.ts";

const VALUE = "a value that nobody else may see";

let database: TestDatabase;
let home: string;
let masterFile: string;
beforeAll(async () => {
  database = await createTestDatabase();
  home = makeHome();
  masterFile = path.join(home, "keys/private-parameters.json");
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true });
});

const slipway = (args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
  runSlipway(args, { SLIPWAY_HOME: home, DATABASE_URL: database.url.open(), ...settings });

/** Runs something with a controller that has the same keys, in a home of its own. */
async function withController<T>(run: (controller: TestController) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(path.join(tmpdir(), "slipway-cli-other-"));
  const controller = await openTestController(database, directory, { SLIPWAY_MASTER_KEY: readFileSync(masterFile, "utf8") });
  try {
    return await run(controller);
  } finally {
    await controller.close();
    rmSync(directory, { recursive: true });
  }
}

describe("slipway keys", { timeout: 60_000 }, () => {
  test("status on a fresh database says that there is no key, and makes none", async () => {
    const { status, stdout } = await slipway(["keys", "status"]);
    expect(stdout).toBe("no master key\n");
    expect(status).toBe(0);
    expect(() => readFileSync(masterFile)).toThrow("ENOENT");
  });

  test("rotate encrypts values anew, says so in counts and ids, and shows neither a key nor a value", async () => {
    expect(await slipway(["keys", "rotate"])).toMatchObject({ status: 0, stderr: "" });
    const [place] = await withController(async ({ services: { db, keyring } }) => {
      const places = await insertPlaces(db, "shown");
      for (const one of places) await storeValue(db, one, keyring.seal(privateValue(VALUE), one));
      return places;
    });
    if (place === undefined) throw new Error("no place");
    const { status, stdout, stderr } = await slipway(["keys", "rotate", "--forget"]);
    expect(stdout).toMatch(/^new master key [0-9a-f]{8} in .*\n\d data keys wrapped anew/);
    expect(stdout).toMatch(/4 private values encrypted anew, with the data key [0-9a-f]{8}\n/);
    expect(stdout).toMatch(/2 master keys removed from /);
    expect(status).toBe(0);
    for (const [key] of readFileSync(masterFile, "utf8").matchAll(/[\w+/]{43}=/g)) expect(stdout + stderr).not.toContain(key);
    expect(stdout + stderr).not.toContain(VALUE);
    await withController(async ({ services: { db, keyring } }) => {
      expect((await keyring.unseal(await readValue(db, place), place)).open()).toBe(VALUE);
    });
  });

  test("status shows what there is", async () => {
    const { status, stdout } = await slipway(["keys", "status"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^master key [0-9a-f]{8} from .*private-parameters\.json\n/);
    expect(stdout).toMatch(/data key [0-9a-f]{8} for private-parameters, in use since .*, 4 values\n/);
  });

  test("without the master key say which one is missing, change nothing, and go on once it is back", async () => {
    renameSync(masterFile, `${masterFile}.away`);
    const status = await slipway(["keys", "status"]);
    expect(status.status).toBe(1);
    expect(status.stdout).toMatch(/missing: the master key [0-9a-f]{8}\. Nothing is lost/);
    const rotate = await slipway(["keys", "rotate"]);
    expect(rotate).toMatchObject({ status: 1, stdout: "" });
    expect(rotate.stderr).toMatch(/^slipway: this database needs the master key [0-9a-f]{8}, and there is none in .* 4 private values are encrypted for it.*\n$/);
    const other = await slipway(["keys", "rotate"], { SLIPWAY_MASTER_KEY: randomBytes(32).toString("base64") });
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/and SLIPWAY_MASTER_KEY has [0-9a-f]{8}\. /);
    renameSync(`${masterFile}.away`, masterFile);
    expect(await slipway(["keys", "rotate"])).toMatchObject({ status: 0 });
  });

  test.each([[["keys", "rotate", "--sink"]], [["keys", "rotate", "now"]], [["keys"]], [["keys", "sink"]]])("end with 2 for what they don't know: %j", async (args) => {
    const { status, stdout, stderr } = await slipway(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^slipway: /);
  });
});

describe("slipway doctor", { timeout: 60_000 }, () => {
  test("finds a home directory in order", async () => {
    const { status, stdout } = await slipway(["doctor"]);
    expect(stdout).toMatch(/^ok {4}core dumps are off: this command/m);
    expect(stdout).toMatch(/^ok {4}.*are open to their user alone$/m);
    expect(stdout).toMatch(/^ok {4}the database answers and has this version's schema$/m);
    expect(stdout).toMatch(/^ok {4}the master key [0-9a-f]{8} opens everything in the database$/m);
    expect(status).toBe(0);
  });

  test("fails for a key that others can read, for one that is missing and for one that is broken", async () => {
    chmodSync(masterFile, 0o644);
    expect(await slipway(["doctor"])).toMatchObject({ status: 1, stdout: expect.stringContaining(`fail  ${masterFile} is open to others (mode 0644): chmod 0600`) as unknown });
    const content = readFileSync(masterFile, "utf8");
    renameSync(masterFile, `${masterFile}.away`);
    expect((await slipway(["doctor"])).stdout).toMatch(/^fail {2}the master key [0-9a-f]{8} is missing: nothing is lost/m);
    renameSync(`${masterFile}.away`, masterFile);
    writeFileSync(masterFile, content.slice(0, 40));
    expect((await slipway(["doctor"])).stdout).toMatch(/^fail {2}.* holds no master key/m);
    writeFileSync(masterFile, content);
    chmodSync(masterFile, 0o600);
    expect(await slipway(["doctor"])).toMatchObject({ status: 0 });
  });

  test.each([
    ["a socket that isn't there", "postgresql://slipway:kept-to-itself@localhost/none?host=/nonexistent"],
    ["a port without a server", "postgresql://slipway:kept-to-itself@127.0.0.1:1/none"],
  ])("and slipway keys status say what has to run where the database is %s", async (_, address) => {
    const found = await slipway(["doctor"], { DATABASE_URL: address });
    expect(found).toMatchObject({ status: 1, stdout: expect.stringMatching(/^fail {2}the database doesn't answer: npm run up starts it/m) as unknown });
    for (const command of ["status", "rotate"]) {
      const keys = await slipway(["keys", command], { DATABASE_URL: address });
      expect(keys).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^slipway: the database doesn't answer: npm run up starts it.*\n$/) as unknown });
      expect(keys.stderr + found.stdout + found.stderr).not.toContain("kept-to-itself");
    }
  });

  test("fails without its database, and doesn't show the address", async () => {
    const { status, stdout, stderr } = await slipway(["doctor"], { DATABASE_URL: "postgresql://slipway:kept-to-itself@127.0.0.1:1/none" });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^fail {2}the database doesn't answer/m);
    expect(stdout + stderr).not.toContain("kept-to-itself");
  });
});
