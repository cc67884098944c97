import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deleteOsDefinition } from "./delete-os-definition.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readFile } from "./read-file.ts";
import type { DefinitionBench } from "./testing.ts";
import { archiveOf, openDefinitionBench, refusalOf, shareWithBob } from "./testing.ts";
import { uploadOsDefinition } from "./upload-os-definition.ts";

let bench: DefinitionBench;
let nodeId: string;
beforeAll(async () => {
  bench = await openDefinitionBench();
  nodeId = (await bench.services.db.node.create({ data: { name: "node1" } })).id;
});
afterAll(() => bench.close());

const upload = (name: string, files: Parameters<typeof archiveOf>[0] = {}) => uploadOsDefinition(bench.ada, { name, archive: archiveOf(files) });
const instance = (name: string, definitionId: string | null, ownerId: string = bench.ids.bob) => bench.services.db.instance.create({ data: { name, nodeId, definitionId, ownerId, memoryMib: 256 } });

async function install(instanceId: string, definitionVersionId: string, state: "queued" | "done") {
  const job = await bench.services.db.job.create({ data: { request: {}, ops: [], requester: "bob", interface: "api" } });
  return bench.services.db.install.create({ data: { id: randomUUID(), jobId: job.id, instanceId, nodeId, definitionVersionId, state, plan: {}, parameters: [] } });
}

describe("deleting a definition", () => {
  test("removes its versions, shares, defaults and contents, and nothing that another one has", async () => {
    await upload("stays", { "common.txt": "both have this" });
    const before = await bench.state();
    await shareWithBob(bench, "goes", { "common.txt": "both have this", "own.txt": "only one has this", "untrusted/create": "#!/bin/sh\n# its own\n" });
    const { id } = await upload("goes", { "own.txt": "a second version" });
    await bench.services.db.parameterDefault.create({ data: { definitionId: id, name: "size", visibility: "public", publicValue: "1", updatedBy: "ada" } });
    await deleteOsDefinition(bench.ada, "goes");
    const after = await bench.state();
    expect(after).toEqual({ ...before, events: after.events });
    expect(await bench.services.db.parameterDefault.count()).toBe(0);
    expect((await readFile(bench.ada, "stays", 1, "common.txt")).text).toBe("both have this");
    expect(await bench.services.db.auditEntry.findFirst({ orderBy: { id: "desc" } })).toMatchObject({ actor: "ada", action: "os.delete", objectName: "goes", outcome: "done", details: { versions: 2 } });
    expect((await upload("goes")).version).toBe(1);
  });

  test("is refused while an instance has it, whoever's, without saying whose", async () => {
    const { id } = await upload("used");
    const row = await instance("web-1", id);
    expect(await getOsDefinition(bench.ada, "used")).toMatchObject({ instanceCount: 0, blockedActions: { delete: "Instances use it." } });
    expect(await getOsDefinition(bench.admin, "used")).toMatchObject({ instanceCount: 1 });
    const before = await bench.state();
    for (const who of [bench.ada, bench.admin]) {
      expect(await refusalOf(deleteOsDefinition(who, "used"))).toMatchObject({ code: "conflict", message: "Instances use OS definition used; install them with another one or delete them first." });
    }
    expect(await bench.state()).toEqual(before);
    await bench.services.db.instance.delete({ where: { id: row.id } });
    await deleteOsDefinition(bench.ada, "used");
  });

  test("is refused while an instance is being installed with it, and leaves installs of the past where they are", async () => {
    const { id } = await upload("history");
    const version = await bench.services.db.osDefinitionVersion.findFirstOrThrow({ where: { definitionId: id } });
    const { id: instanceId } = await instance("web-2", null);
    const running = await install(instanceId, version.id, "queued");
    expect(await refusalOf(deleteOsDefinition(bench.ada, "history"))).toMatchObject({ code: "conflict" });
    await bench.services.db.install.update({ where: { id: running.id }, data: { state: "done" } });
    await deleteOsDefinition(bench.ada, "history");
    expect(await bench.services.db.install.findUniqueOrThrow({ where: { id: running.id } })).toMatchObject({ state: "done", definitionVersionId: null });
  });

  test("at the same moment as an install that begins to use it ends in one of the two", async () => {
    for (let n = 0; n < 6; n += 1) {
      const { id } = await upload(`close-${n}`);
      const [gone, made] = await Promise.allSettled([deleteOsDefinition(bench.ada, `close-${n}`), instance(`close-${n}`, id)]);
      expect([gone.status, made.status].sort()).toEqual(["fulfilled", "rejected"]);
    }
  });

  test("at the same moment as an upload of the same content never leaves a version without its bytes", async () => {
    for (let n = 0; n < 6; n += 1) {
      const files = { "race.txt": `race ${n}` };
      await upload(`from-${n}`, files);
      await Promise.all([deleteOsDefinition(bench.ada, `from-${n}`), upload(`to-${n}`, files)]);
      expect(await readFile(bench.ada, `to-${n}`, 1, "race.txt")).toMatchObject({ text: `race ${n}`, note: null });
    }
  });

  test("happens once", async () => {
    await upload("twice");
    const settled = await Promise.allSettled([deleteOsDefinition(bench.ada, "twice"), deleteOsDefinition(bench.ada, "twice")]);
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await refusalOf(deleteOsDefinition(bench.ada, "twice"))).toMatchObject({ code: "unknown_object", message: "There is no OS definition twice." });
  });
});
