import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { SerialLog } from "./serial-log.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "serial-"));
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

test("a console that says too much shows no half of a value where it is taken up again", async () => {
  const path = join(folder, "serial.log");
  const serial = new SerialLog(path, pino({ level: "silent" }));
  serial.setPatterns(new ScrubPatterns([secretValue("correct horse battery")]));
  serial.take(Buffer.alloc(1_048_000, "x"));
  serial.take(Buffer.from(`${"y".repeat(1_000)} correct horse`));
  vi.advanceTimersByTime(1_000);
  serial.take(Buffer.from(" battery"));
  serial.take(Buffer.from(" is it\nand correct horse battery again\n"));
  serial.flush();
  await serial.settled();
  const text = await readFile(path, "utf8");
  expect(text).not.toContain("battery");
  expect(text).toContain("bytes came too quickly and were left out]\nand <redacted> again\n");
});
