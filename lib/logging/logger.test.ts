import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "#lib/domain/errors.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import type { Logger } from "./logger.ts";
import { createLogger } from "./logger.ts";

function logged(write: (log: Logger) => void): string {
  let text = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  write(createLogger({ level: "trace", destination }));
  return text;
}

describe("a log line", () => {
  test("has <redacted> in the place of a sealed value, wherever it stands", () => {
    const value = "plum-coloured-canary";
    const text = logged((log) => {
      log.info({ deep: [{ value: secretValue(value) }], password: privateValue(value) }, "with %s and %j", secretValue(value), { a: privateValue(value) });
      log.info(secretValue(value), "first");
      log.child({ value: privateValue(value) }).warn("child");
    });
    expect(text).not.toContain(value);
    expect(text).toContain("<redacted>");
  });

  test("has an error's code and our own sentence, and none of its other properties", () => {
    const error = Object.assign(new SlipwayError("invalid", "limit must be a number", { field: "limit" }), { parameters: "canary-1" });
    const text = logged((log) => {
      log.error(error);
      log.error({ error }, "failed");
    });
    expect(text).toContain('"code":"invalid"');
    expect(text).toContain("limit must be a number");
    expect(text).not.toContain("canary-1");
  });

  test.each([
    ["a parser", (): unknown => JSON.parse('{"p":"canary-2" oops}')],
    ["an argument check", (): unknown => Buffer.alloc(1).write("x", "canary-2" as BufferEncoding /* wrong on purpose */)],
    ["a driver", (): unknown => { throw Object.assign(new Error("invalid input syntax: canary-2"), { name: "error", code: "22P02" }); }],
  ])("leaves out what %s quotes of its input, causes included", (_who, fail) => {
    let caught: unknown;
    try {
      fail();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(Error);
    const text = logged((log) => log.error({ error: new Error("outer", { cause: caught }) }, "failed"));
    expect(text).toContain("outer");
    expect(text).not.toContain("canary-2");
  });
});
