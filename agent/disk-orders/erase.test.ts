import { existsSync } from "node:fs";
import { link, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Eraser } from "./erase.ts";

const log = pino({ level: "silent" });
let home: string;
let folder: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "eraser-"));
  folder = join(home, "erasing");
  file = join(home, "disk-0");
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

describe("a disk that is given up", () => {
  test("is overwritten, not only unlinked", async () => {
    await writeFile(file, Buffer.alloc(3 * 1_048_576 + 17, "secret"));
    // Whoever still holds it open sees what is left of it.
    const held = await open(file);
    const eraser = await Eraser.open({ folder, log });
    await eraser.discard(file, true);
    expect(existsSync(file)).toBe(false);
    await eraser.settled();
    const left = await held.readFile();
    await held.close();
    expect(left).toHaveLength(3 * 1_048_576 + 17);
    expect(left.every((byte) => byte === 0)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  test("is only unlinked where nobody asks for more", async () => {
    await writeFile(file, "content");
    const held = await open(file);
    const eraser = await Eraser.open({ folder, log });
    await eraser.discard(file, false);
    await eraser.settled();
    expect(await held.readFile("utf8")).toBe("content");
    await held.close();
    expect(existsSync(file)).toBe(false);
  });

  test("takes no room for its holes", async () => {
    const sparse = await open(file, "w+");
    await sparse.truncate(64 * 1_048_576);
    await sparse.write("end", 40 * 1_048_576);
    const eraser = await Eraser.open({ folder, log, bytesPerSecond: 10 ** 10 });
    await eraser.discard(file, true);
    await eraser.settled();
    const { blocks } = await sparse.stat();
    await sparse.close();
    expect(blocks * 512).toBeLessThan(4 * 1_048_576);
  });

  test("stays whole under its other name: a disk in use is never overwritten", async () => {
    await writeFile(file, "content");
    await link(file, join(home, "second"));
    const eraser = await Eraser.open({ folder, log });
    await eraser.discard(join(home, "second"), true);
    await eraser.settled();
    expect(await readFile(file, "utf8")).toBe("content");
    expect((await stat(file)).nlink).toBe(1);
  });

  test("is worked off by the next process where one ended before", async () => {
    await writeFile(file, Buffer.alloc(4 * 1_048_576, 1));
    const slow = await Eraser.open({ folder, log, bytesPerSecond: 1 });
    await slow.discard(file, true);
    await slow.close();
    expect(await readdir(folder)).toHaveLength(1);
    const next = await Eraser.open({ folder, log });
    await next.settled();
    expect(await readdir(folder)).toEqual([]);
  });

  test("that isn't there any more is none to give up, and one that can't be opened keeps no other from being erased", async () => {
    await mkdir(join(folder, "a-folder"), { recursive: true });
    await writeFile(file, "content");
    const eraser = await Eraser.open({ folder, log });
    await eraser.discard(join(home, "nothing"), true);
    await eraser.discard(file, true);
    await eraser.settled();
    expect(await readdir(folder)).toEqual(["a-folder"]);
  });
});
