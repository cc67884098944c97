import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CREDENTIAL_LIMITS, readBasicCredentials } from "./basic-credentials.ts";

const encode = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("credentials in a header", () => {
  test("are name and password, which may have colons and letters of any language", () => {
    expect(readBasicCredentials(encode("anna:pa:ss:wörd"))).toEqual({ name: "anna", password: "pa:ss:wörd" });
  });

  test("come back as they were", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._@-]{0,63}$/);
    const password = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(name, password, (one, other) => {
        fc.pre(one.length > 0 && other.isWellFormed());
        expect(readBasicCredentials(encode(`${one}:${other}`))).toEqual({ name: one, password: other });
      }),
    );
  });

  test.each([
    [undefined],
    [null],
    [""],
    ["Basic"],
    ["Basic !!!!"],
    ["Bearer YTpi"],
    [encode("nocolon")],
    [encode(":nobody")],
    [`Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString("base64")}`],
    [encode(`${"n".repeat(CREDENTIAL_LIMITS.name + 1)}:x`)],
    [encode(`n:${"x".repeat(CREDENTIAL_LIMITS.password + 1)}`)],
  ])("are none in %j", (header) => {
    expect(readBasicCredentials(header)).toBeNull();
  });
});
