import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "#lib/config/config.ts";
import type { EnvelopePlace } from "#lib/context/context.ts";
import type { Database } from "#lib/db/client.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { TestDatabase } from "#lib/db/testing.ts";
import { createTestDatabase } from "#lib/db/testing.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { abandonLostValues } from "./abandon-lost-values.ts";
import { keyId } from "./key-id.ts";
import { MASTER_KEY_FILE } from "./master-keys.ts";
import { readKeysStatus } from "./read-keys-status.ts";
import type { TestController } from "./testing.ts";
import { dumpRows, insertPlaces, isOfFirstRelease, openTestController, readValue, restoreRows, sealAsFirstRelease, storeValue, writeFirstReleaseFiles } from "./testing.ts";

let database: TestDatabase;
let db: Database;
let home: string;
let keys: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  db = createDatabase(database.url);
  home = mkdtempSync(path.join(tmpdir(), "slipway-keys-"));
  keys = path.join(home, "keys");
  closers.push(async () => {
    await db.$disconnect();
    await database.drop();
    rmSync(home, { recursive: true });
  });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(where: { readonly in?: TestDatabase; readonly home?: string; readonly settings?: Readonly<Record<string, string>> } = {}): Promise<TestController> {
  const controller = await openTestController(where.in ?? database, where.home ?? home, where.settings);
  closers.push(() => controller.close());
  return controller;
}
function anotherHome(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "slipway-keys-"));
  closers.push(async () => rm(directory, { recursive: true }));
  return directory;
}
async function store(controller: TestController, places: readonly EnvelopePlace[], text: string): Promise<void> {
  for (const place of places) await storeValue(controller.services.db, place, controller.services.keyring.seal(privateValue(text), place));
}
async function read(controller: TestController, place: EnvelopePlace): Promise<string> {
  return (await controller.services.keyring.unseal(await readValue(controller.services.db, place), place)).open();
}

describe("the keys of a controller", () => {
  test("are made at the first start: a master key in a file that only its user can read, the others in the database", async () => {
    const controller = await start();
    expect(readdirSync(keys)).toEqual([MASTER_KEY_FILE]);
    expect(statSync(keys).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(keys, MASTER_KEY_FILE)).mode & 0o777).toBe(0o600);
    const rows = await db.dataKey.findMany({ orderBy: { purpose: "asc" } });
    expect(rows.map(({ purpose, retiredAt }) => [purpose, retiredAt])).toEqual([["fingerprints", null], ["private-parameters", null], ["receipts", null], ["sessions", null]]);
    const [place] = await insertPlaces(db, "first");
    if (place === undefined) throw new Error("no place");
    await store(controller, [place], "a value");
    expect(await read(await start(), place)).toBe("a value");
  });

  test("are nowhere in the database as they are", async () => {
    const { services } = await start();
    const masters = readFileSync(path.join(keys, MASTER_KEY_FILE), "utf8").match(/[\w+/]{43}=/g) ?? [];
    expect(masters).toHaveLength(1);
    const all = [...(await dumpRows(db)).values()].join("\n");
    for (const key of [services.keyring.sessionSecret.open(), ...masters]) {
      const forms = [key, Buffer.from(key).toString("hex"), Buffer.from(key, "base64").toString("hex")];
      for (const form of forms) expect(all).not.toContain(form);
    }
    expect(inspect(services.keyring, { depth: null, showHidden: true }) + JSON.stringify(services.keyring)).not.toContain(services.keyring.sessionSecret.open());
  });

  test("come from the environment, and then no file is made", async () => {
    await start({ settings: { SLIPWAY_MASTER_KEY: randomBytes(32).toString("base64") } });
    expect(existsSync(keys)).toBe(false);
  });

  test("are the same for controllers that start at once", async () => {
    const controllers = await Promise.all([start(), start(), start()]);
    expect(await db.dataKey.count()).toBe(4);
    const [place] = await insertPlaces(db, "shared");
    const [one, ...others] = controllers;
    if (place === undefined) throw new Error("no place");
    await store(one, [place], "a value");
    for (const other of others) {
      expect(await read(other, place)).toBe("a value");
      expect(other.services.keyring.sessionSecret.open()).toBe(one.services.keyring.sessionSecret.open());
    }
  });

  test("of two homes that have none are those of the first; the other makes none and says which it needs", async () => {
    const homes = [home, anotherHome()];
    const started = await Promise.allSettled(homes.map((directory) => start({ home: directory })));
    const refused = started.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/this database needs the master key [0-9a-f]{8}, and there is none in SLIPWAY_MASTER_KEY, /);
    expect(homes.filter((directory) => existsSync(path.join(directory, "keys", MASTER_KEY_FILE)))).toHaveLength(1);
  });
});

describe("a database of the first release", () => {
  async function firstRelease(): Promise<ReturnType<typeof writeFirstReleaseFiles> & { readonly places: readonly EnvelopePlace[] }> {
    const files = writeFirstReleaseFiles(keys);
    const places = await insertPlaces(db, "old");
    for (const place of places) if (isOfFirstRelease(place)) await storeValue(db, place, sealAsFirstRelease("from before", files.masterKey, place));
    return { ...files, places: places.filter(isOfFirstRelease) };
  }

  test("opens with its values, its fingerprints and its sessions, whose keys move from their files into the database", async () => {
    const { places, fingerprintKey, sessionSecret, masterKey } = await firstRelease();
    const controller = await start();
    for (const place of places) expect(await read(controller, place)).toBe("from before");
    expect(controller.services.keyring.sessionSecret.open()).toBe(sessionSecret);
    const own = createHmac("sha256", fingerprintKey).update(JSON.stringify(["an instance", "p"])).digest();
    const digest = createHmac("sha256", own).update("value").digest("hex").slice(0, 4);
    expect(controller.services.keyring.fingerprint(privateValue("value"), { scope: "an instance", name: "p" })).toBe(`k1:${digest}`);
    expect(readdirSync(keys)).toEqual([MASTER_KEY_FILE]);
    expect(readFileSync(path.join(keys, MASTER_KEY_FILE), "utf8")).toContain(masterKey.toString("base64"));
  });

  test("has lost nothing when the move was interrupted before the files were removed", async () => {
    const { sessionSecret } = await firstRelease();
    const copies = anotherHome();
    cpSync(keys, copies, { recursive: true });
    await (await start()).close();
    cpSync(copies, keys, { recursive: true });
    const { services } = await start();
    expect(services.keyring.sessionSecret.open()).toBe(sessionSecret);
    expect(readdirSync(keys)).toEqual([MASTER_KEY_FILE]);
  });

  test("leaves files alone whose key it doesn't have", async () => {
    await firstRelease();
    await start();
    writeFileSync(path.join(keys, "session-secret"), `${"another database's, perhaps".repeat(2)}\n`);
    await start();
    expect(readdirSync(keys)).toContain("session-secret");
  });

  test("isn't opened with another master key, and nothing is written then", async () => {
    const { places } = await firstRelease();
    writeFirstReleaseFiles(keys);
    const before = await dumpRows(db);
    await expect(start()).rejects.toThrow(`2 private values are encrypted for it`);
    expect(await dumpRows(db)).toEqual(before);
    expect(readdirSync(keys)).toHaveLength(3);
    expect(places).toHaveLength(2);
  });

  test("of whose values some have lost their key opens all the same, and names the key when one is needed", async () => {
    const { places } = await firstRelease();
    const [place] = places;
    if (place?.kind !== "instance") throw new Error("no place");
    const lost = randomBytes(32);
    await storeValue(db, place, sealAsFirstRelease("lost", lost, place));
    const controller = await start();
    await expect(read(controller, place)).rejects.toThrow(`${place.name} needs the master key ${keyId(lost)}`);
  });
});

describe("a database that is restored", () => {
  test("without its master key is refused as it is, and opens once the key is back", async () => {
    const original = await start();
    const places = await insertPlaces(db, "kept");
    await store(original, places, "a value");
    const fingerprint = original.services.keyring.fingerprint(privateValue("a value"), { scope: "s", name: "kept" });
    const dump = await dumpRows(db);
    const masterFile = readFileSync(path.join(keys, MASTER_KEY_FILE), "utf8");
    await original.close();

    const restored = await createTestDatabase();
    const restoredDb = createDatabase(restored.url);
    closers.push(() => restored.drop());
    closers.push(() => restoredDb.$disconnect());
    await restoreRows(restoredDb, dump);
    expect(await dumpRows(restoredDb)).toEqual(dump);
    const elsewhere = anotherHome();

    await expect(start({ in: restored, home: elsewhere })).rejects.toThrow(/needs the master key [0-9a-f]{8}, and there is none in .* 4 private values .*nothing is lost/);
    const wrong = { SLIPWAY_MASTER_KEY: randomBytes(32).toString("base64") };
    await expect(start({ in: restored, home: elsewhere, settings: wrong })).rejects.toThrow(/needs the master key [0-9a-f]{8}, and SLIPWAY_MASTER_KEY has [0-9a-f]{8}\./);
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(await dumpRows(restoredDb)).toEqual(dump);

    writeFileSync(path.join(elsewhere, "key"), masterFile);
    const again = await start({ in: restored, home: elsewhere, settings: { SLIPWAY_MASTER_KEY_FILE: path.join(elsewhere, "key") } });
    for (const place of places) expect(await read(again, place)).toBe("a value");
    expect(again.services.keyring.fingerprint(privateValue("a value"), { scope: "s", name: "kept" })).toBe(fingerprint);
    expect(again.services.keyring.sessionSecret.open()).toBe(original.services.keyring.sessionSecret.open());
  });
});

describe("a master key that is gone for good", () => {
  const actor = { identity: { kind: "system", name: "set-up" }, interface: "setup", address: null, requestId: "r" } as const;

  test("is given up with what needs it, only when it is asked for and no controller runs; the rest stays", async () => {
    const { masterKey } = writeFirstReleaseFiles(keys);
    const controller = await start();
    const [lost, kept] = [await insertPlaces(db, "lost"), await insertPlaces(db, "kept")];
    await store(controller, lost, "a value");
    await controller.close();
    const other = { SLIPWAY_MASTER_KEY: randomBytes(32).toString("base64") };
    const otherHome = anotherHome();
    const config = loadConfig({ environment: { SLIPWAY_HOME: otherHome, DATABASE_URL: database.url.open(), ...other } });
    const otherKey = Buffer.from(other.SLIPWAY_MASTER_KEY, "base64");
    for (const place of kept) if (isOfFirstRelease(place)) await storeValue(db, place, sealAsFirstRelease("opens", otherKey, place));

    const report = { masterKeyIds: [keyId(masterKey)], dataKeys: 4, values: 4 };
    const before = await dumpRows(db);
    expect(await abandonLostValues(db, config, actor, { apply: false })).toEqual(report);
    const running = await db.controller.create({ data: { id: randomUUID(), hostname: "h", pid: 1, roles: [], leaseUntil: new Date(Date.now() + 60_000) } });
    await expect(abandonLostValues(db, config, actor, { apply: true })).rejects.toThrow("a controller runs");
    expect(await dumpRows(db)).toEqual(before);
    await db.controller.delete({ where: { id: running.id } });

    expect(await abandonLostValues(db, config, actor, { apply: true })).toEqual(report);
    const again = await start({ home: otherHome, settings: other });
    for (const place of kept) if (isOfFirstRelease(place)) expect(await read(again, place)).toBe("opens");
    expect(await db.instanceParameter.count()).toBe(1);
    expect(again.services.keyring.fingerprint(privateValue("v"), { scope: "s", name: "n" })).toMatch(/^k2:/);
    expect(await readKeysStatus(db, config)).toMatchObject({ missingMasterKeys: [], withoutKey: [] });
    expect(await abandonLostValues(db, config, actor, { apply: false })).toEqual({ masterKeyIds: [], dataKeys: 0, values: 0 });
  });
});

describe("a fingerprint", () => {
  test("is short, names its key's generation, and is the same for the same value of one place alone", async () => {
    const { keyring } = (await start()).services;
    const of = (text: string, scope: string, name = "p"): string => keyring.fingerprint(privateValue(text), { scope, name });
    expect(of("value", "a")).toMatch(/^k1:[0-9a-f]{4}$/);
    expect(of("value", "a")).toBe(of("value", "a"));
    // 16 bits: of twenty instances, that all agree by chance can be left out.
    expect(new Set(Array.from({ length: 20 }, (_, n) => of("value", `instance-${n}`))).size).toBeGreaterThan(15);
    expect(new Set(Array.from({ length: 20 }, (_, n) => of("value", "a", `name-${n}`))).size).toBeGreaterThan(15);
  });
});
