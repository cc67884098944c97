import { describe, expect, test } from "vitest";
import { isFromOurPages } from "./origin.ts";

const PUBLIC_URL = "https://slipway.example.test";
const from = (method: string, headers: Record<string, string>): boolean => isFromOurPages(method, new Headers(headers), PUBLIC_URL);

describe("a request with the session cookie", () => {
  test("counts from a page at the public address", () => {
    expect(from("POST", { origin: "https://slipway.example.test", host: "10.0.0.1:8080" })).toBe(true);
  });

  test("counts from a page at the address that the browser asked for", () => {
    expect(from("DELETE", { origin: "http://localhost:8080", host: "localhost:8080" })).toBe(true);
  });

  test.each([
    ["https://evil.example.test"],
    ["null"],
    [""],
    ["http://slipway.example.test"],
    ["https://slipway.example.test.evil.test"],
    ["https://slipway.example.test@evil.test"],
    ["file://localhost:8080"],
    ["not an origin"],
  ])("does not count from %j", (origin) => {
    expect(from("POST", { origin, host: "localhost:8080" })).toBe(false);
  });

  test("does not count without an origin", () => {
    expect(from("PATCH", { host: "localhost:8080" })).toBe(false);
  });

  test("needs none to read", () => {
    expect(from("GET", { host: "localhost:8080" })).toBe(true);
  });
});
