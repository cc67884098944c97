import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { createInstanceInputSchema } from "#lib/instances/schemas.ts";
import { ARCHIVE_BODY } from "./limits.ts";
import { parseWith, readQuery } from "./parse.ts";
import { archiveBody } from "./schemas.ts";

function refusal(work: () => unknown): { readonly message: string; readonly field: string | undefined; readonly text: string } {
  try {
    work();
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    return { message: error.message, field: error.field, text: JSON.stringify([error.message, error.field, error.names, error.cause]) };
  }
  throw new Error("it was accepted");
}

const good = { name: "web-3", osType: "debian+trixie", memoryMib: 512, disks: [{ sizeMib: 2048 }] };

describe("a body that isn't as it should be", () => {
  test.each([
    ["disks[0].sizeMib", { ...good, disks: [{ sizeMib: "2048" }] }],
    ["memoryMib", { ...good, memoryMib: null }],
    ["memoryMib", { ...good, memoryMib: 1e400 }],
    ["nics[1].mac", { ...good, nics: [{}, { mac: "not-a-mac" }] }],
    ["unheardOf", { ...good, unheardOf: 1 }],
    ["disks[0].color", { ...good, disks: [{ sizeMib: 2048, color: "red" }] }],
    ["parameters.secret.root_password", { ...good, parameters: { secret: { root_password: 7 } } }],
    ["parameters.secret", { ...good, parameters: { secret: { "not a name": "x" } } }],
    ["parameters.secret.root_password", { ...good, parameters: { secret: { root_password: "half \ud800" } } }],
    ["parameters.private.admin_password", { ...good, parameters: { private: { admin_password: "nul \0" } } }],
    ["disks[0].name", { ...good, disks: [{ sizeMib: 2048, name: "nul \0" }] }],
  ])("is refused with its field: %s", (field, body) => {
    expect(refusal(() => parseWith(createInstanceInputSchema, body)).field).toBe(field);
  });

  test.each([
    ["disks[0].sizeMib: must be at least 1", { ...good, disks: [{ sizeMib: 0 }] }],
    ["memoryMib: must be at most 16777216", { ...good, memoryMib: 99_999_999 }],
    ["memoryMib: must be of type number", { ...good, memoryMib: "512" }],
    ["memoryMib: is missing", { name: "web-3", osType: "debian+trixie", disks: [{ sizeMib: 2048 }] }],
    ["disks[0].sizeMib: must be a whole number", { ...good, disks: [{ sizeMib: 20.5 }] }],
    ["disks: must have at most 16 items", { ...good, disks: Array.from({ length: 17 }, () => ({ sizeMib: 2048 })) }],
    ["parameters.public: must be of type object", { ...good, parameters: { public: "hostname_suffix" } }],
    ["name: must be a host name in lower case", { ...good, name: "Web_3" }],
    ["nam: is not known here", { nam: "web-3", osType: "debian+trixie", memoryMib: 512, disks: [{ sizeMib: 2048 }] }],
  ])("is refused in words: %s", (message, body) => {
    expect(refusal(() => parseWith(createInstanceInputSchema, body)).message).toBe(message);
  });

  test("is refused whole where it is no object", () => {
    expect(refusal(() => parseWith(createInstanceInputSchema, [])).message).toMatch(/^The body: /);
  });

  test("is refused without a word of what any field held", () => {
    const planted = "PLANTED-VALUE-9c1e";
    const bodies = [
      { ...good, memoryMib: planted },
      { ...good, name: `${planted} with spaces` },
      { ...good, nics: [{ ip: planted }] },
      { ...good, nics: [{ mode: planted }] },
      { ...good, parameters: { private: { admin_password: [planted] } } },
      { ...good, parameters: { secret: { root_password: { inner: planted } } } },
      { ...good, parameters: { public: planted } },
      { ...good, start: planted },
      { ...good, parameters: { secret: { [`${planted} `]: "root_password" } } },
    ];
    for (const body of bodies) expect(refusal(() => parseWith(createInstanceInputSchema, body)).text).not.toContain(planted);
  });

  test("with a mask for a secret names the parameter", () => {
    const { message, field } = refusal(() => parseWith(createInstanceInputSchema, { ...good, parameters: { secret: { root_password: "********" } } }));
    expect(field).toBe("parameters.secret.root_password");
    expect(message).toContain("is a mask");
  });
});

describe("a query", () => {
  test("is a map of names to texts", () => {
    expect(readQuery(new URL("http://x/?a=1&b=two%20words"))).toEqual({ a: "1", b: "two words" });
  });

  test("is refused with a name twice", () => {
    expect(refusal(() => readQuery(new URL("http://x/?owner=me&owner=you"))).field).toBe("owner");
  });

  test("can't reach a prototype", () => {
    expect(refusal(() => parseWith(z.strictObject({ a: z.string().optional() }), readQuery(new URL("http://x/?__proto__=1")))).field).toBe("__proto__");
  });
});

describe("an archive", () => {
  test("is handed on as the bytes that it is, without a look at each of them", () => {
    const bytes = new Uint8Array(ARCHIVE_BODY.bytes);
    const started = performance.now();
    expect(parseWith(archiveBody, bytes)).toBe(bytes);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("isn't text", () => {
    expect(refusal(() => parseWith(archiveBody, "text")).field).toBeUndefined();
    expect(refusal(() => parseWith(archiveBody, undefined)).field).toBeUndefined();
  });
});
