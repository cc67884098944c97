import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EnvelopePlace } from "#lib/context/context.ts";
import { envelopeKey, openEnvelope, resealEnvelope, sealEnvelope } from "./envelope.ts";
import { keyId } from "./key-id.ts";
import { sealAsFirstRelease } from "./testing.ts";

const key = randomBytes(32);
const place: EnvelopePlace = { kind: "instance", instanceId: "5f3a", name: "admin_password" };
const seal = (text: string) => sealEnvelope(text, key, "0a1b2c3d", place);

describe("a private value in the database", () => {
  test("opens in its own place, whatever its text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        expect(openEnvelope(seal(text), key, place)).toBe(text);
      }),
    );
  });

  test("names the key that it needs", () => {
    expect(envelopeKey(seal("x"))).toEqual({ kind: "data", id: "0a1b2c3d" });
  });

  test("never looks the same twice", () => {
    expect(Buffer.from(seal("x")).equals(Buffer.from(seal("x")))).toBe(false);
  });

  test.each<[string, EnvelopePlace]>([
    ["another instance", { ...place, instanceId: "5f3b" }],
    ["another name", { ...place, name: "root_password" }],
    ["a job", { kind: "job", jobId: 1, name: "admin_password" }],
  ])("doesn't open in the place of %s", (_what, other) => {
    expect(() => openEnvelope(seal("hush hush"), key, other)).toThrow("doesn't open");
  });

  test("doesn't open when any byte was changed", () => {
    const envelope = seal("hush hush");
    for (let at = 0; at < envelope.length; at++) {
      const changed = Uint8Array.from(envelope);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => openEnvelope(changed, key, place)).toThrow();
    }
  });

  test("doesn't open with another key, and the error doesn't hold it", () => {
    expect(() => openEnvelope(seal("hush hush"), randomBytes(32), place)).toThrow(/^the stored value of admin_password doesn't open/);
  });

  test("of the first release opens with the master key that it names, and is written anew under a data key", () => {
    const first = sealAsFirstRelease("hush hush", key, place);
    expect(envelopeKey(first)).toEqual({ kind: "master", id: keyId(key) });
    const [id, dataKey] = ["11223344", randomBytes(32)];
    const anew = resealEnvelope(first, key, { id, key: dataKey }, place);
    expect(envelopeKey(anew)).toEqual({ kind: "data", id });
    expect(openEnvelope(anew, dataKey, place)).toBe("hush hush");
  });

  test("that is cut short is refused for its form", () => {
    expect(() => envelopeKey(seal("x").subarray(0, 4))).toThrow("has no form");
    expect(() => openEnvelope(seal("x").subarray(0, 20), key, place)).toThrow("admin_password is cut short");
  });
});
