import { describe, expect, test } from "vitest";
import { formatRequest, parseHelperLine } from "./helper-lines.ts";

describe("a line to the helper", () => {
  test("leaves out what isn't given, and refuses what would be another line or another key", () => {
    expect(formatRequest(7, "nic", { guest: "a-1", ip: undefined, mac: "aa:00:00:12:34:56" })).toBe("7 nic guest=a-1 mac=aa:00:00:12:34:56\n");
    for (const value of ["", "a b", "a\nb", "a=b", "ä", "a;b"]) expect(() => formatRequest(1, "nic", { link: value })).toThrow("link");
    expect(() => formatRequest(1, "nic", { link: "x".repeat(1_024) })).toThrow("too long");
  });
});

describe("a line of the helper's", () => {
  test("is an answer, an item, a refusal or what nobody asked for", () => {
    expect(parseHelperLine("3 ok name=gnt.com.4 fd=10")).toEqual({ kind: "ok", number: 3, values: new Map([["name", "gnt.com.4"], ["fd", "10"]]) });
    expect(parseHelperLine("3 item guest=a kind=nic")).toMatchObject({ kind: "item", number: 3 });
    expect(parseHelperLine("3 error taken The address is another guest's.")).toEqual({ kind: "error", number: 3, code: "taken", sentence: "The address is another guest's." });
    expect(parseHelperLine("0 refused guest=a what=arp")).toMatchObject({ kind: "notice", what: "refused" });
    expect(parseHelperLine("3 ok")).toMatchObject({ kind: "ok", values: new Map() });
  });

  test("is nothing where it is anything else", () => {
    for (const line of ["", "ok", "-1 ok", "3 maybe", "3 error nonsense x", "3 ok fd", "3 ok fd=1 fd=2", "3 ok fd=a b", "3 ok FD=1"]) expect(parseHelperLine(line)).toBeNull();
  });
});
