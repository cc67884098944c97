import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { newDataKey, PURPOSES, unwrapKey, wrapKey } from "./data-keys.ts";
import { newMasterKeys } from "./master-keys.ts";

const masters = newMasterKeys("/keys/file");

describe("a data key in the database", () => {
  test.each(PURPOSES)("for %s opens with its master key", (purpose) => {
    const key = newDataKey(purpose);
    const row = wrapKey(key, purpose, masters);
    expect(row).toMatchObject({ purpose, masterKeyId: masters.current });
    expect(Buffer.from(row.wrapped).includes(key)).toBe(false);
    expect(unwrapKey(row, masters)).toEqual(key);
  });

  test("opens with a master key that isn't the current one any more", () => {
    const key = newDataKey("fingerprints");
    expect(unwrapKey(wrapKey(key, "fingerprints", masters), masters.withNewKey())).toEqual(key);
  });

  test("names the master key that is missing", () => {
    const row = wrapKey(newDataKey("sessions"), "sessions", masters);
    expect(() => unwrapKey(row, newMasterKeys("/keys/other"))).toThrow(`needs the master key ${masters.current}, which /keys/other doesn't have`);
  });

  test("doesn't open in another's row, for another purpose, or changed", () => {
    const row = wrapKey(newDataKey("fingerprints"), "fingerprints", masters);
    expect(() => unwrapKey({ ...row, id: "00000000" }, masters)).toThrow("doesn't open");
    expect(() => unwrapKey({ ...row, purpose: "private-parameters" }, masters)).toThrow("doesn't open");
    for (let at = 0; at < row.wrapped.length; at++) {
      const wrapped = Uint8Array.from(row.wrapped);
      wrapped[at] = (wrapped[at] ?? 0) ^ 1;
      expect(() => unwrapKey({ ...row, wrapped }, masters)).toThrow("doesn't open");
    }
    expect(() => unwrapKey({ ...row, wrapped: randomBytes(3) }, masters)).toThrow("doesn't open");
  });
});
