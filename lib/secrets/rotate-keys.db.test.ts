import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EnvelopePlace } from "#lib/context/context.ts";
import type { Database } from "#lib/db/client.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { TestDatabase } from "#lib/db/testing.ts";
import { createTestDatabase } from "#lib/db/testing.ts";
import { publicKeyId } from "#lib/domain/dsse.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { valuesByKey } from "./check-keys.ts";
import { keyId } from "./key-id.ts";
import { MASTER_KEY_FILE, parseMasterKeys } from "./master-keys.ts";
import type { RotateOptions, RotationReport } from "./rotate-keys.ts";
import { rotateKeys } from "./rotate-keys.ts";
import type { TestController } from "./testing.ts";
import { insertPlaces, isOfFirstRelease, openTestController, readValue, sealAsFirstRelease, storeValue, writeFirstReleaseFiles } from "./testing.ts";

/** News takes milliseconds, and longer on a busy machine. */
const PATIENT = { timeout: 10_000 };

let database: TestDatabase;
let db: Database;
let home: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  db = createDatabase(database.url);
  home = mkdtempSync(path.join(tmpdir(), "slipway-keys-"));
  closers.push(async () => {
    await db.$disconnect();
    await database.drop();
    rmSync(home, { recursive: true });
  });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(settings: Readonly<Record<string, string>> = {}, directory = home): Promise<TestController> {
  const controller = await openTestController(database, directory, settings);
  closers.push(() => controller.close());
  return controller;
}
const masterFile = (): string => path.join(home, "keys", MASTER_KEY_FILE);
const masters = () => parseMasterKeys({ kind: "file", name: masterFile() }, readFileSync(masterFile(), "utf8"));
const writingKey = async (purpose = "private-parameters"): Promise<string> => (await db.dataKey.findFirstOrThrow({ where: { purpose, retiredAt: null } })).id;

async function store(controller: TestController, place: EnvelopePlace, text: string): Promise<void> {
  await storeValue(db, place, controller.services.keyring.seal(privateValue(text), place));
}
async function read(controller: TestController, place: EnvelopePlace): Promise<string> {
  return (await controller.services.keyring.unseal(await readValue(db, place), place)).open();
}
/** Values in every kind of place, `number` times three. */
async function fill(controller: TestController, number: number): Promise<readonly EnvelopePlace[]> {
  const places = (await Promise.all(Array.from({ length: number }, (_, index) => insertPlaces(db, `value-${index}`)))).flat();
  for (const place of places) await store(controller, place, `text of ${place.name}`);
  return places;
}
async function expectAll(controller: TestController, places: readonly EnvelopePlace[]): Promise<void> {
  for (const place of places) expect(await read(controller, place)).toBe(`text of ${place.name}`);
}
/** As a controller that runs says that it is there. */
async function pretendToRun(number: number): Promise<void> {
  for (let index = 0; index < number; index++) {
    await db.controller.create({ data: { id: crypto.randomUUID(), hostname: `host-${index}`, pid: 1, roles: ["web"], leaseUntil: new Date(Date.now() + 60_000) } });
  }
}
const rotate = (controller: TestController, options: RotateOptions = {}): Promise<RotationReport> => rotateKeys(controller.ctx, options);

describe("rotation", () => {
  test("gives every value another key, wraps all keys with a new master key, and changes no value", async () => {
    const controller = await start();
    const places = await fill(controller, 3);
    const before = { master: masters(), key: await writingKey(), envelopes: await Promise.all(places.map((place) => readValue(db, place))) };
    const report = await rotate(controller);
    expect(report).toMatchObject({ masterKey: { what: "new" }, done: { rewrapped: 4, values: 12, damaged: 0, left: [], removedDataKeys: 0, forgottenMasterKeys: 0 } });
    const after = masters();
    expect(after.current).not.toBe(before.master.current);
    expect(after.get(before.master.current)).toEqual(before.master.get(before.master.current));
    expect(await writingKey()).not.toBe(before.key);
    expect((await db.dataKey.findMany()).every(({ masterKeyId }) => masterKeyId === after.current)).toBe(true);
    for (const [index, place] of places.entries()) expect(await readValue(db, place)).not.toEqual(before.envelopes[index]);
    await expectAll(controller, places);
    await expectAll(await start(), places);
  });

  test("turns values of the first release into values of a data key", async () => {
    const { masterKey } = writeFirstReleaseFiles(path.join(home, "keys"));
    const places = (await insertPlaces(db, "old")).filter(isOfFirstRelease);
    for (const place of places) await storeValue(db, place, sealAsFirstRelease(`text of ${place.name}`, masterKey, place));
    const controller = await start();
    expect(await valuesByKey(db)).toEqual([{ kind: "master", id: keyId(masterKey), values: 2 }]);
    await rotate(controller);
    expect(await valuesByKey(db)).toEqual([{ kind: "data", id: await writingKey(), values: 2 }]);
    await expectAll(controller, places);
  });

  test("that is interrupted has lost nothing, and is taken up by the next one", async () => {
    const controller = await start();
    const places = await fill(controller, 4);
    const interrupted = rotate(controller, {
      batchSize: 2,
      onProgress: () => {
        throw new Error("killed");
      },
    });
    await expect(interrupted).rejects.toThrow("killed");
    expect((await valuesByKey(db)).map(({ values }) => values).toSorted()).toEqual([14, 2]);
    await expectAll(controller, places);
    await expectAll(await start(), places);
    expect(await rotate(controller)).toMatchObject({ done: { values: 16, left: [] } });
    expect(await valuesByKey(db)).toHaveLength(1);
    await expectAll(controller, places);
  });

  test("that was interrupted between the file and the database goes on with the master key that is there", async () => {
    const controller = await start();
    const places = await fill(controller, 1);
    const made = masters().withNewKey();
    writeFileSync(masterFile(), made.toFileText());
    await expectAll(await start(), places);
    expect(await rotate(controller)).toMatchObject({ masterKey: { what: "given", id: made.current }, done: { rewrapped: 4, values: 4 } });
    expect(masters().ids).toHaveLength(2);
    await expectAll(await start(), places);
  });

  test("leaves to others what they change meanwhile, and nothing of theirs is lost", async () => {
    const controller = await start();
    const places = await fill(controller, 4);
    // It goes on writing with the old key.
    const other = await start();
    await other.services.notifications.close();
    const texts = new Map(places.map((place) => [place, `text of ${place.name}`]));
    let ran = 0;
    await rotate(controller, {
      batchSize: 1,
      onProgress: async () => {
        ran += 1;
        for (const place of places.filter((_, index) => index % 2 === ran % 2)) {
          texts.set(place, `changed ${ran}`);
          await store(other, place, `changed ${ran}`);
        }
      },
    });
    expect(ran).toBeGreaterThan(3);
    for (const place of places) expect(await read(controller, place)).toBe(texts.get(place));
    expect(await rotate(controller)).toMatchObject({ done: { left: [] } });
    for (const place of places) expect(await read(controller, place)).toBe(texts.get(place));
  });

  test("passes over rows that a transaction holds, waits for them last, and doesn't write over what it has changed", async () => {
    const controller = await start();
    const places = await fill(controller, 2);
    const held = places.find(({ kind }) => kind === "instance");
    if (held?.kind !== "instance") throw new Error("no place");
    const [locked, release] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const holding = db.$transaction(async (tx) => {
      await tx.instanceParameter.update({
        where: { instanceId_name: { instanceId: held.instanceId, name: held.name } },
        data: { privateValue: controller.services.keyring.seal(privateValue("changed in the transaction"), held) },
      });
      locked.resolve(undefined);
      await release.promise;
    });
    await locked.promise;
    let soFar = 0;
    const rotating = rotate(controller, {
      onProgress: (values) => {
        soFar = values;
      },
    });
    const waiting = (): Promise<unknown[]> => db.$queryRaw`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(waiting, PATIENT).toHaveLength(1);
    expect(soFar).toBe(7);
    release.resolve(undefined);
    await holding;
    // What was read before isn't there any more; what is there now is encrypted anew in the next round.
    expect(await rotating).toMatchObject({ done: { values: 8, left: [] } });
    expect(await read(controller, held)).toBe("changed in the transaction");
  });

  test("ends with a word where another one has begun, which does all of it", async () => {
    const controller = await start();
    const places = await fill(controller, 3);
    let other: RotationReport | null = null;
    const first = rotate(controller, {
      batchSize: 2,
      onProgress: async () => {
        other ??= await rotate(controller);
      },
    });
    await expect(first).rejects.toMatchObject({ code: "conflict" });
    expect(other).toMatchObject({ done: { values: 12, left: [] } });
    await expectAll(controller, places);
  });

  test("doesn't stop at a value that was damaged, and leaves it", async () => {
    const controller = await start();
    const places = await fill(controller, 1);
    const [broken, ...others] = places;
    if (broken === undefined) throw new Error("no place");
    const envelope = Uint8Array.from(await readValue(db, broken));
    envelope[20] = (envelope[20] ?? 0) ^ 1;
    await storeValue(db, broken, envelope);
    expect(await rotate(controller)).toMatchObject({ done: { values: 3, damaged: 1, left: [{ values: 1 }] } });
    expect(await readValue(db, broken)).toEqual(envelope);
    await expectAll(controller, others);
  });
});

describe("another controller", () => {
  test("hears of new keys and writes with them", async () => {
    const [one, other] = [await start(), await start()];
    const [place] = await insertPlaces(db, "p");
    if (place === undefined) throw new Error("no place");
    await rotate(one);
    const key = await writingKey();
    await expect.poll(async () => {
      await store(other, place, "text of p");
      return (await valuesByKey(db)).map(({ id }) => id);
    }, PATIENT).toEqual([key]);
    await expectAll(one, [place]);
  });

  test("that has heard of nothing finds the key of a value when it meets one", async () => {
    const one = await start();
    const places = await fill(one, 1);
    const deaf = await openTestController(database, home);
    closers.push(() => deaf.close());
    await deaf.services.notifications.close();
    await rotate(one);
    await expectAll(deaf, places);
  });

  test("without the new master key writes nothing with an old key, and writes again once it has it", async () => {
    const one = await start();
    const copy = mkdtempSync(path.join(tmpdir(), "slipway-keys-"));
    closers.push(async () => rm(copy, { recursive: true }));
    const keyFile = path.join(copy, "key");
    writeFileSync(keyFile, readFileSync(masterFile()));
    const other = await start({ SLIPWAY_MASTER_KEY_FILE: keyFile }, copy);
    const [place] = await fill(one, 1);
    if (place === undefined) throw new Error("no place");
    await rotate(one);
    const seal = () => other.services.keyring.seal(privateValue("x"), place);
    await vi.waitFor(() => {
      expect(seal).toThrow(/the key for private-parameters needs the master key [0-9a-f]{8}/);
    }, PATIENT);
    await expect(read(other, place)).rejects.toThrow(`the data key ${await writingKey()} and for it the master key ${masters().current}`);
    writeFileSync(keyFile, readFileSync(masterFile()));
    await expectAll(other, [place]);
    expect(seal).not.toThrow();
  });

  test("is waited for: with several that run the first call makes the master key, and the second one uses it", async () => {
    const controller = await start();
    const places = await fill(controller, 1);
    await pretendToRun(2);
    const before = await db.dataKey.findMany();
    const first = await rotate(controller);
    expect(first).toMatchObject({ masterKey: { what: "new" }, controllers: 2, done: null });
    expect(await db.dataKey.findMany()).toEqual(before);
    expect(await rotate(controller)).toMatchObject({ masterKey: { what: "given", id: first.masterKey.id }, done: { rewrapped: 4, values: 4 } });
    await expectAll(controller, places);
  });
});

describe("a master key that an operator gives", () => {
  test("is used once it stands before the old one, and the old one isn't needed afterwards", async () => {
    const [old, next] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
    const first = await start({ SLIPWAY_MASTER_KEY: old });
    const places = await fill(first, 1);
    expect(await rotate(first)).toMatchObject({ masterKey: { what: "kept", source: { kind: "environment" } }, done: { rewrapped: 0, values: 4 } });
    const second = await start({ SLIPWAY_MASTER_KEY: `${next}\n${old}` });
    expect(await rotate(second)).toMatchObject({ masterKey: { what: "given" }, done: { values: 4 } });
    await expectAll(await start({ SLIPWAY_MASTER_KEY: next }), places);
    await expect(start({ SLIPWAY_MASTER_KEY: old })).rejects.toThrow("needs the master key");
  });
});

describe("values of a system that could be brought back", () => {
  test("are encrypted anew like the instance's own, for the same place", async () => {
    const controller = await start();
    const [place] = await fill(controller, 1);
    if (place?.kind !== "instance") throw new Error("no place");
    const { keyring } = controller.services;
    const { instanceId } = place;
    await db.previousSystem.create({ data: { instanceId, keptAs: instanceId, until: new Date(Date.now() + 1_000_000), installSource: {} } });
    const envelope = keyring.seal(privateValue("of before"), { kind: "instance", instanceId, name: "older" });
    await db.previousParameter.create({ data: { instanceId, name: "older", visibility: "private", privateValue: envelope } });
    expect(await rotate(controller)).toMatchObject({ done: { values: 5, left: [] } });
    const row = await db.previousParameter.findFirstOrThrow();
    expect(Buffer.from(row.privateValue ?? [])).not.toEqual(Buffer.from(envelope));
    expect((await keyring.unseal(row.privateValue ?? new Uint8Array(), { kind: "instance", instanceId, name: "older" })).open()).toBe("of before");
  });
});

describe("what isn't needed any more", () => {
  test("goes: data keys an hour after their end, master keys when it is asked for", async () => {
    const controller = await start();
    const places = await fill(controller, 1);
    await rotate(controller);
    expect(await db.dataKey.count()).toBe(5);
    expect(await rotate(controller, { forget: true })).toMatchObject({ done: { removedDataKeys: 0, forgottenMasterKeys: 2 } });
    await db.$executeRaw`UPDATE data_key SET retired_at = retired_at - interval '61 minutes' WHERE retired_at IS NOT NULL`;
    expect(await rotate(controller)).toMatchObject({ done: { removedDataKeys: 2 } });
    expect(await db.dataKey.count()).toBe(5);
    await expectAll(await start(), places);
  });

  test("doesn't go while a value needs it", async () => {
    const controller = await start();
    const [place] = await fill(controller, 1);
    if (place === undefined) throw new Error("no place");
    const envelope = Uint8Array.from(await readValue(db, place));
    await rotate(controller);
    await storeValue(db, place, envelope);
    await db.$executeRaw`UPDATE data_key SET retired_at = retired_at - interval '61 minutes' WHERE retired_at IS NOT NULL`;
    const old = await db.dataKey.findMany({ where: { purpose: "private-parameters" } });
    await db.$executeRaw`UPDATE instance_parameter SET private_value = overlay(private_value PLACING '\\x00'::bytea FROM 30 FOR 1)`;
    expect(await rotate(controller)).toMatchObject({ done: { damaged: 1, removedDataKeys: 0 } });
    expect((await db.dataKey.findMany({ where: { id: { in: old.map(({ id }) => id) } } })).length).toBe(2);
  });
});

describe("rotation of the other keys", () => {
  test("ends sessions everywhere, and changes the prefix of fingerprints, where it is asked for", async () => {
    const [one, other] = [await start(), await start()];
    const session = one.services.keyring.sessionSecret.open();
    const print = (): string => other.services.keyring.fingerprint(privateValue("v"), { scope: "s", name: "n" });
    expect(print()).toMatch(/^k1:/);
    await rotate(one);
    expect(one.services.keyring.sessionSecret.open()).toBe(session);
    await rotate(one, { also: ["sessions", "fingerprints"] });
    await expect.poll(print, PATIENT).toMatch(/^k2:/);
    await expect.poll(() => other.services.keyring.sessionSecret.open(), PATIENT).not.toBe(session);
    await expect.poll(() => one.services.keyring.sessionSecret.open(), PATIENT).toBe(other.services.keyring.sessionSecret.open());
  });

  test("signs receipts by another key where it is asked for, and keeps what verifies the older ones", async () => {
    const controller = await start();
    const data = Buffer.from("a statement");
    const before = controller.services.keyring.sign(data);
    await rotate(controller);
    expect(controller.services.keyring.sign(data).keyId).toBe(before.keyId);
    await rotate(controller, { also: ["receipts"] });
    await expect.poll(() => controller.services.keyring.sign(data).keyId, PATIENT).not.toBe(before.keyId);
    await db.$executeRaw`UPDATE data_key SET retired_at = retired_at - interval '61 minutes' WHERE retired_at IS NOT NULL`;
    await rotate(controller);
    const rows = await db.dataKey.findMany({ where: { purpose: "receipts" }, orderBy: { createdAt: "asc" } });
    expect(rows).toHaveLength(2);
    const key = createPublicKey(rows[0]?.publicKey ?? "");
    expect(publicKeyId(key)).toBe(before.keyId);
    expect(verify(null, data, key, before.signature)).toBe(true);
  });
});

describe("who has rotated", () => {
  test("stands in the audit log, with ids and counts and nothing else", async () => {
    const controller = await start();
    await fill(controller, 1);
    await rotate(controller);
    const entries = await db.auditEntry.findMany({ where: { action: "keys.rotate" }, orderBy: { id: "asc" } });
    expect(entries.map(({ actor, interface: by, outcome, objectName, details }) => ({ actor, by, outcome, objectName, details }))).toEqual([
      { actor: "set-up", by: "setup", outcome: "accepted", objectName: masters().current, details: { masterKey: "new", rewrapped: 4, purposes: ["private-parameters"] } },
      { actor: "set-up", by: "setup", outcome: "done", objectName: await writingKey(), details: { values: 4, damaged: 0, removedDataKeys: 0, forgottenMasterKeys: 0, left: 0 } },
    ]);
  });
});
