import { describe, expect, test } from "vitest";
import { scanJson } from "./json-scan.ts";

const LIMITS = { depth: 4, containers: 10, nodes: 20, keys: 5 };
const scan = (text: string) => scanJson(Buffer.from(text), LIMITS);

describe("a document that isn't parsed yet", () => {
  test.each([
    ["a number", "1"],
    ["signs inside of strings", String.raw`{"a{[,:\"": "}]\\", "b": ["\\\"", "{"]}`],
    ["one name in two objects", '{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}'],
    ["names that every object has", '{"constructor": 1, "__proto__": 2}'],
    ["as much as may be", '[[[[1]]], {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}]'],
  ])("with %s is let through", (_what, text) => {
    expect(scan(text)).toBeNull();
    expect(() => void JSON.parse(text)).not.toThrow();
  });

  test.each([
    ["depth", "[[[[[", [0, 0, 0, 0]],
    ["containers", `[${"{},".repeat(10)}`, [9]],
    ["nodes", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", [20]],
    ["keys", '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}', ["f"]],
    ["duplicate", '{"a": [1, {"b": 1, "c": {}, "b": 2}]}', ["a", 1, "b"]],
    ["duplicate", String.raw`{"ab": 1, "\u0061b": 2}`, ["ab"]],
    ["duplicate", '{"ä": 1, "ä": 2}', ["ä"]],
    ["syntax", '{"a', [""]],
    ["syntax", "]", []],
    ["syntax", '["a": 1]', [0]],
    ["syntax", String.raw`{"\x": 1}`, [""]],
  ])("is refused for its %s: %s", (problem, text, path) => {
    expect(scan(text)).toEqual({ problem, path });
  });
});
