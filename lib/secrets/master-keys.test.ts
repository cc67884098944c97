import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "#lib/config/config.ts";
import { keyId } from "./key-id.ts";
import type { MasterKeys } from "./master-keys.ts";
import { MASTER_KEY_FILE, parseMasterKeys, readMasterKeys } from "./master-keys.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "slipway-keys-"));
  mkdirSync(path.join(home, "keys"));
  mkdirSync(path.join(home, "credentials"));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const base64 = (key: Buffer): string => key.toString("base64");
const [one, other] = [randomBytes(32), randomBytes(32)];
const json = (current: Buffer, ...keys: Buffer[]): string => JSON.stringify({ current: keyId(current), keys: Object.fromEntries(keys.map((key) => [keyId(key), base64(key)])) });

function read(settings: Readonly<Record<string, string>> = {}): MasterKeys | null {
  return readMasterKeys(loadConfig({ environment: { SLIPWAY_HOME: home, DATABASE_URL: "postgresql://nobody@localhost/none", ...settings } }));
}
const put = (name: string, text: string): string => {
  writeFileSync(path.join(home, name), text);
  return path.join(home, name);
};
const inHome = `keys/${MASTER_KEY_FILE}`;
const withCredential = (): Readonly<Record<string, string>> => ({ CREDENTIALS_DIRECTORY: path.join(home, "credentials") });

describe("the master key", () => {
  test("is nowhere at first", () => {
    expect(read(withCredential())).toBeNull();
  });

  test("comes from the file in the home directory", () => {
    put(inHome, json(one, one, other));
    expect(read()).toMatchObject({ current: keyId(one), source: { kind: "file", name: path.join(home, inHome) } });
    expect(read()?.get(keyId(other))).toEqual(other);
  });

  test("comes from the environment, as base64 or as what the file would hold", () => {
    for (const text of [base64(one), `${base64(one)}\n${base64(other)}\n`, json(one, one, other)]) {
      expect(read({ SLIPWAY_MASTER_KEY: text })).toMatchObject({ current: keyId(one), source: { kind: "environment" } });
    }
  });

  test("comes from a file that a setting names", () => {
    const file = put("elsewhere", `${base64(one)}\n`);
    expect(read({ SLIPWAY_MASTER_KEY_FILE: file })).toMatchObject({ current: keyId(one), source: { kind: "file", name: file } });
    rmSync(file);
    expect(() => read({ SLIPWAY_MASTER_KEY_FILE: file })).toThrow("which isn't there");
  });

  test("comes from a systemd credential", () => {
    put("credentials/slipway-master-key", base64(one));
    expect(read(withCredential())).toMatchObject({ current: keyId(one), source: { kind: "credential" } });
  });

  test("may be in two places, which then have to give the same", () => {
    put(inHome, json(one, one, other));
    const both = read({ SLIPWAY_MASTER_KEY: base64(one) });
    expect(both).toMatchObject({ source: { kind: "environment" }, otherSources: [{ kind: "file" }] });
    expect(both?.ids.toSorted()).toEqual([keyId(one), keyId(other)].toSorted());
    expect(() => read({ SLIPWAY_MASTER_KEY: base64(other) })).toThrow(`SLIPWAY_MASTER_KEY gives the master key ${keyId(other)}, and`);
  });

  test.each([
    ["text", "damaged-key-material"],
    ["JSON that is cut short", `{"current":"${keyId(one)}","keys":{"${keyId(one)}":"damaged-key-material`],
    ["a key that is too short", Buffer.from("damaged-key-material").toString("base64")],
    ["an id that isn't its key's", JSON.stringify({ current: "00000000", keys: { "00000000": base64(one) } })],
    ["no current key", JSON.stringify({ current: keyId(other), keys: { [keyId(one)]: base64(one) } })],
    ["nothing", "\n"],
  ])("that is %s is said to be none, without a byte of it", (_what, text) => {
    const file = put(inHome, text);
    const problem = (): unknown => read();
    expect(problem).toThrow(`${file} holds no master key`);
    for (const part of ["damaged", Buffer.from("damaged-key-material").toString("base64"), base64(one)]) expect(problem).not.toThrow(part);
  });

  test("in a file that may not be read is named", { skip: process.getuid?.() === 0 }, () => {
    chmodSync(put(inHome, json(one, one)), 0);
    expect(read).toThrow("can't be read");
  });

  test("never shows, however it is printed", () => {
    const keys = parseMasterKeys({ kind: "environment", name: "SLIPWAY_MASTER_KEY" }, base64(one));
    const printed = inspect(keys, { depth: null, showHidden: true }) + JSON.stringify(keys) + inspect(loadConfig({ environment: { SLIPWAY_HOME: home, DATABASE_URL: "postgresql://x@localhost/y", SLIPWAY_MASTER_KEY: base64(one) } }), { depth: null });
    for (const form of [base64(one), one.toString("hex"), inspect(one)]) expect(printed).not.toContain(form);
  });

  test("gets an heir, and is kept beside it for as long as it is needed", () => {
    const before = parseMasterKeys({ kind: "file", name: "keys" }, base64(one));
    const after = before.withNewKey();
    expect(after.ids).toEqual([keyId(one), after.current]);
    const written = parseMasterKeys(after.source, after.toFileText());
    expect(written.get(keyId(one))).toEqual(one);
    expect(written.current).toBe(after.current);
    expect(after.keepingOnly(new Set()).ids).toEqual([after.current]);
  });
});
