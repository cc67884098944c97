import { cp, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RequestContext } from "#lib/context/context.ts";
import { setupContext } from "#lib/context/open-services.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";
import type { GanetiConfig } from "#lib/domain/ganeti-config.ts";
import { parseGanetiConfig } from "#lib/domain/ganeti-config.ts";
import { importGaneti } from "./import-ganeti.ts";
import { configJson, instanceJson } from "./testing-config.ts";

let open: TestServices;
let ctx: RequestContext;
let osDirectory: string;
beforeAll(async () => {
  open = await openTestServices();
  ctx = setupContext(open.services);
  osDirectory = await mkdtemp(path.join(tmpdir(), "slipway-test-"));
  await cp(path.join(import.meta.dirname, "fixtures/os/debootstrap"), path.join(osDirectory, "debootstrap"), { recursive: true });
});
afterAll(async () => {
  await open.close();
  await rm(osDirectory, { recursive: true });
});
afterEach(async () => {
  await open.services.db.$executeRaw`TRUNCATE instance, node, os_definition CASCADE`;
});

const configOf = (count: number): GanetiConfig => parseGanetiConfig(configJson(Array.from({ length: count }, (_, index) => instanceJson(index + 1))));
const run = (config: GanetiConfig, apply = true) => importGaneti(ctx, { config, osDirectories: [osDirectory], roots: [], apply });
const rows = async (): Promise<number[]> => {
  const { db } = open.services;
  return [await db.node.count(), await db.instance.count(), await db.osDefinition.count(), await db.osFileContent.count({ where: { digest: { in: (await db.osDefinitionFile.findMany({ select: { digest: true } })).map(({ digest }) => digest) } } })];
};

describe("an import", () => {
  test("that fails at its last row leaves nothing", async () => {
    const { db } = open.services;
    await db.$executeRaw`ALTER TABLE instance_parameter ADD CONSTRAINT test_refuses CHECK (name <> 'last_of_all')`;
    const config = parseGanetiConfig(configJson([...Array.from({ length: 1_200 }, (_, index) => instanceJson(index + 1)), instanceJson(9_999, { osparams: { last_of_all: "value-of-the-last" } })]));
    const error: unknown = await run(config).catch((caught: unknown) => caught);
    await db.$executeRaw`ALTER TABLE instance_parameter DROP CONSTRAINT test_refuses`;
    expect(error).toBeInstanceOf(Error);
    expect(await rows()).toEqual([0, 0, 0, 0]);
    expect((await run(config)).bring.instances).toHaveLength(1_201);
  });

  test("beside the same one brings everything once", async () => {
    const config = configOf(300);
    const plans = await Promise.all([run(config), run(config)]);
    expect(plans.map(({ bring }) => bring.instances.length).toSorted((a, b) => a - b)).toEqual([0, 300]);
    expect(await open.services.db.instance.count()).toBe(300);
  });

  test("takes what came in after the dry run as it is", async () => {
    const config = configOf(3);
    expect((await run(config, false)).bring.nodes).toHaveLength(1);
    const node = await open.services.db.node.create({ data: { name: "node1.example.test" } });
    const { bring } = await run(config);
    expect(bring.nodes).toEqual([]);
    expect(await open.services.db.instance.count({ where: { nodeId: node.id } })).toBe(3);
  });

  test("that meets an instance of its name in the moment of writing it brings nothing, and says so", async () => {
    const { db } = open.services;
    const config = configOf(3);
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<undefined>();
    const { promise: hasWritten, resolve: written } = Promise.withResolvers<undefined>();
    const other = db.$transaction(async (tx) => {
      const node = await tx.node.create({ data: { name: "node9.example.test" } });
      await tx.instance.create({ data: { name: "instance2.example.test", nodeId: node.id, memoryMib: 128 } });
      written(undefined);
      await mayCommit;
    });
    await hasWritten;
    const imported = run(config).catch((caught: unknown) => caught);
    await expect.poll(async () => db.$queryRaw`SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`, { timeout: 10_000 }).toHaveLength(1);
    commit(undefined);
    await other;
    expect(await imported).toMatchObject({ code: "conflict" });
    expect(await rows()).toEqual([1, 1, 0, 0]);
  });

  test("lists a folder that can't be registered, and the instances that need it", async () => {
    const bad = path.join(osDirectory, "broken");
    await cp(path.join(osDirectory, "debootstrap"), bad, { recursive: true });
    await writeFile(path.join(bad, "slipway.json"), "{not json");
    const { cannot, bring } = await run(parseGanetiConfig(configJson([instanceJson(1, { os: "broken" }), instanceJson(2)])));
    expect(cannot.filter(({ lost }) => lost === "all").map(({ name, reason, detail }) => [name, reason, detail])).toEqual([
      ["broken", "Its folder can't be registered.", "slipway.json: is not JSON: it can be read up to line 1, column 2."],
      ["instance1.example.test", "Its OS definition is not here: give its folder with --os-directory and import again.", "broken"],
    ]);
    expect(bring.definitions.map(({ name }) => name)).toEqual(["debootstrap"]);
    await rm(bad, { recursive: true });
  });

  test("follows links in a definition inside the roots that are given, and lists the definition otherwise", async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), "slipway-test-"));
    await rename(path.join(osDirectory, "debootstrap/variants.list"), path.join(elsewhere, "variants.list"));
    await symlink(path.join(elsewhere, "variants.list"), path.join(osDirectory, "debootstrap/variants.list"));
    const plan = (roots: readonly string[]) => importGaneti(ctx, { config: configOf(1), osDirectories: [osDirectory], roots, apply: false });
    expect((await plan([])).cannot.filter(({ subject }) => subject === "definition").map(({ name, lost }) => `${name ?? ""} ${lost}`)).toEqual(["debootstrap all"]);
    expect((await plan([elsewhere])).bring.definitions.map(({ name }) => name)).toEqual(["debootstrap"]);
    await rename(path.join(elsewhere, "variants.list"), path.join(osDirectory, "debootstrap/variants.list"));
    await rm(elsewhere, { recursive: true });
  });

  test("of 20 000 instances takes less than a minute", { timeout: 120_000 }, async () => {
    const config = configOf(20_000);
    const from = performance.now();
    expect((await run(config)).bring.instances).toHaveLength(20_000);
    const seconds = (performance.now() - from) / 1_000;
    expect(await open.services.db.instanceParameter.count({ where: { visibility: "private" } })).toBe(20_000);
    expect(seconds).toBeLessThan(60);
    expect((await run(config)).skip.filter(({ subject }) => subject === "instance")).toHaveLength(20_000);
  });
});
