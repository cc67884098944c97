import { chmodSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { privateValue } from "#lib/domain/visibility.ts";
import { ensureKeys, KEY_FILES } from "./ensure-keys.ts";

let home: string;
let keys: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "slipway-keys-"));
  keys = path.join(home, "keys");
});
afterEach(() => {
  chmodSync(home, 0o700);
  rmSync(home, { recursive: true });
});

const place = { kind: "instance", instanceId: "i", name: "admin_password" } as const;
const first = () => ensureKeys(keys, { mayCreatePrivateKey: true });
const later = () => ensureKeys(keys, { mayCreatePrivateKey: false });

describe("the keys of a controller", () => {
  test("are made once, in files that only their user can read", async () => {
    const sealed = first().seal(privateValue("a value"), place);
    expect((await later().unseal(sealed, place)).open()).toBe("a value");
    expect(statSync(keys).mode & 0o777).toBe(0o700);
    expect(readdirSync(keys).sort()).toEqual(Object.values(KEY_FILES).sort());
    for (const file of readdirSync(keys)) expect(statSync(path.join(keys, file)).mode & 0o777).toBe(0o600);
  });

  test("never show in anything that prints the keyring", () => {
    const keyring = first();
    const texts = Object.values(KEY_FILES).flatMap((file) => readFileSync(path.join(keys, file), "utf8").match(/[\w+/=-]{40,}/g) ?? []);
    expect(texts).toHaveLength(3);
    const printed = inspect(keyring, { depth: null, showHidden: true }) + JSON.stringify(keyring);
    for (const text of texts) expect(printed).not.toContain(text);
  });

  test("that are gone while values need them are asked for, not made anew", () => {
    first();
    const file = path.join(keys, KEY_FILES.privateParameters);
    renameSync(file, `${file}.elsewhere`);
    expect(later).toThrow(`${file} is missing`);
    expect(readdirSync(keys)).not.toContain(KEY_FILES.privateParameters);
    renameSync(`${file}.elsewhere`, file);
    expect(later).not.toThrow();
  });

  test("that are damaged are said to be so, without a byte of them", () => {
    first();
    const file = path.join(keys, KEY_FILES.privateParameters);
    writeFileSync(file, "{damaged-key-material");
    expect(later).toThrow(/isn't a file of keys/);
    expect(later).not.toThrow(/damaged-key-material/);
    expect(readFileSync(file, "utf8")).toBe("{damaged-key-material");
  });

  test("name the key that a value needs and that isn't there", async () => {
    const sealed = first().seal(privateValue("a value"), place);
    rmSync(path.join(keys, KEY_FILES.privateParameters));
    await expect(first().unseal(sealed, place)).rejects.toThrow(/admin_password needs the key [0-9a-f]{8}/);
  });
});

describe("a fingerprint", () => {
  const of = (text: string, scope: string, name = "p") => first().fingerprint(privateValue(text), { scope, name });

  test("is short, names its key, and is the same for the same value", () => {
    expect(of("value", "a")).toMatch(/^k1:[0-9a-f]{4}$/);
    expect(of("value", "a")).toBe(of("value", "a"));
  });

  test("of the same value differs between instances and between parameters", () => {
    // 16 bits: of twenty instances, that all agree by chance can be left out.
    const instances = new Set(Array.from({ length: 20 }, (_, n) => of("value", `instance-${n}`)));
    const names = new Set(Array.from({ length: 20 }, (_, n) => of("value", "a", `name-${n}`)));
    expect(instances.size).toBeGreaterThan(15);
    expect(names.size).toBeGreaterThan(15);
  });
});
