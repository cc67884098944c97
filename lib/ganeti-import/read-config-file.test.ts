import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG_BYTES, readConfigFile } from "./read-config-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "slipway-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

describe("the file of a configuration", () => {
  test("that isn't JSON is refused without a word of it, also in the cause", async () => {
    const file = await fileWith("broken", '{"osparams_private": {"root_password": "nobody-may-see-this"}, NaN}');
    const error: unknown = await readConfigFile(file).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "invalid", message: "The configuration is not JSON." });
    expect(error instanceof Error ? error.cause : null).toBeUndefined();
  });

  test("that has a name twice is refused with the place, and without what anybody could have written there", async () => {
    const id = "0b2d6f4e-1111-4222-8333-444455556666";
    const twice = (key: string, again = key) => `{"instances": {"${id}": {"nics": [1, {"a": {}, "${key}": "nobody-may-see-this", "${again}": 2}]}}}`;
    await expect(readConfigFile(await fileWith("twice", twice("mac")))).rejects.toMatchObject({ code: "invalid", field: `instances.${id}.nics[1].mac`, message: `The configuration has instances.${id}.nics[1].mac twice: nobody could say which of the two is meant.` });
    await expect(readConfigFile(await fileWith("spelt", twice("mac", "m\\u0061c")))).rejects.toMatchObject({ field: `instances.${id}.nics[1].mac` });
    await expect(readConfigFile(await fileWith("named", twice("nobody may see this")))).rejects.toMatchObject({ field: `instances.${id}.nics[1].?` });
  });

  test.each([
    ["lists in one another", "[".repeat(40_000_000), "The configuration has more than 64 objects and lists in one another."],
    ["empty objects", `[${"{},".repeat(5_000_000)}{}]`, "The configuration has more parts than those of 100 000 instances."],
    ["numbers", `[${"1,".repeat(13_000_000)}1]`, "The configuration has more parts than those of 100 000 instances."],
  ])("of nothing but %s is refused before anything is made of it", async (_what, text, message) => {
    const file = await fileWith("bomb", text);
    const before = process.memoryUsage().heapUsed;
    await expect(readConfigFile(file)).rejects.toMatchObject({ code: "too_large", message });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1_048_576);
  });

  test("that isn't text is refused", async () => {
    await expect(readConfigFile(await fileWith("bytes", Uint8Array.of(0x7b, 0xff, 0x7d)))).rejects.toMatchObject({ message: "The configuration is not UTF-8 text." });
  });

  test("that is too large is refused before it is read", async () => {
    const file = await fileWith("large", "");
    await truncate(file, CONFIG_BYTES + 1);
    await expect(readConfigFile(file)).rejects.toMatchObject({ code: "too_large", message: "The configuration has more than 256 MiB." });
  });

  test("is a regular file: no link, no folder, no pipe that nobody writes to", async () => {
    const link = path.join(folder, "link");
    await symlink(await fileWith("target", "{}"), link);
    await expect(readConfigFile(link)).rejects.toMatchObject({ message: "The configuration can't be read: it is a link." });
    await expect(readConfigFile(folder)).rejects.toMatchObject({ message: "The configuration can't be read: it is not a regular file." });
    const pipe = path.join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(readConfigFile(pipe)).rejects.toMatchObject({ message: "The configuration can't be read: it is not a regular file." });
    await expect(readConfigFile(path.join(folder, "nowhere"))).rejects.toMatchObject({ message: "The configuration can't be read: ENOENT." });
  });

  test("as Ganeti's own classes write it can be read", async () => {
    const config = await readConfigFile(path.join(import.meta.dirname, "fixtures/config.data"));
    expect(config).toMatchObject({ version: "3.0", name: "ganeti.example.test", remarks: [] });
    expect(config.instances).toHaveLength(11);
    expect(config.counts).toEqual({ groups: 2, networks: 1, filters: 0, hypervisorDefaults: 1 });
  });
});
