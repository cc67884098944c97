import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setupContext } from "#lib/context/open-services.ts";
import { checkUpload } from "./check-upload.ts";
import { registerFromNode } from "./register-from-node.ts";
import { registerOsDefinition } from "./register-os-definition.ts";
import { storeVersion } from "./store-version.ts";
import type { DefinitionBench } from "./testing.ts";
import { archiveOf, openDefinitionBench, refusalOf } from "./testing.ts";
import { uploadOsDefinition } from "./upload-os-definition.ts";
import { readDefinitionArchive } from "./read-definition-archive.ts";

let bench: DefinitionBench;
beforeAll(async () => {
  bench = await openDefinitionBench();
  await uploadOsDefinition(bench.ada, { name: "debootstrap", archive: archiveOf() });
});
afterAll(() => bench.close());

const another = archiveOf({ "notes.txt": "an administrator's" });
const folderOf = async (name: string): Promise<string> => {
  const directory = path.join(bench.services.config.paths.blobs, "..", "folders", name);
  await mkdir(path.join(directory, "untrusted"), { recursive: true });
  await writeFile(path.join(directory, "ganeti_api_version"), "20\n");
  await writeFile(path.join(directory, "untrusted/create"), "#!/bin/sh\n", { mode: 0o755 });
  return directory;
};
const unchanged = async (attempt: () => Promise<unknown>) => {
  const before = await bench.state();
  const refusal = await refusalOf(attempt());
  expect(await bench.state()).toEqual(before);
  return refusal;
};

describe("a name that a user was first to take", () => {
  const belongs = { code: "exists", field: "name", message: "OS definition debootstrap belongs to ada: an archive that names its owner can add a version to it." };

  test("gets no version from a folder of this machine, nor from a node's", async () => {
    const directory = await folderOf("debootstrap");
    expect(await unchanged(() => registerOsDefinition(setupContext(bench.services), { directory }))).toEqual(belongs);
    expect(await unchanged(() => registerOsDefinition(bench.admin, { directory }))).toEqual(belongs);
    expect(await unchanged(() => registerFromNode(bench.admin, { name: "debootstrap", node: "nowhere" }))).toEqual(belongs);
  });

  test("gets none either where it was taken after the first look", async () => {
    const incoming = { name: "debootstrap", parsed: await readDefinitionArchive(another), image: null, owner: null, source: "folder" } as const;
    expect(await unchanged(() => storeVersion(bench.admin, { ...incoming, operation: "os.register" }))).toEqual(belongs);
    expect(await unchanged(() => storeVersion(bench.admin, { ...incoming, operation: "os.upload" }))).toMatchObject({ code: "exists" });
  });

  test("gets an administrator's upload only where that says whose it is", async () => {
    expect(await unchanged(() => uploadOsDefinition(bench.admin, { name: "debootstrap", archive: another }))).toEqual({ code: "exists", field: "name", message: "OS definition debootstrap belongs to ada: name its owner to add a version to it, or choose another name." });
    expect(await unchanged(() => uploadOsDefinition(bench.admin, { name: "debootstrap", archive: another, owner: "bob" }))).toEqual({ code: "conflict", field: "owner", message: "OS definition debootstrap belongs to ada." });
    expect(await checkUpload(bench.admin, { name: "debootstrap", archive: another })).toMatchObject({ owner: "ada", existingVersion: null });
    expect(await uploadOsDefinition(bench.admin, { name: "debootstrap", archive: another, owner: "ada" })).toMatchObject({ owner: "ada", version: 2 });
    expect(await uploadOsDefinition(bench.ada, { name: "debootstrap", archive: archiveOf() })).toMatchObject({ owner: "ada", version: 1 });
  });

  test("isn't told of to whoever may not see it, whoever they say it belongs to", async () => {
    for (const owner of ["ada", "bob", undefined]) {
      expect(await unchanged(() => uploadOsDefinition(bench.stranger, { name: "debootstrap", archive: another, owner }))).toEqual({ code: "exists", message: "The name debootstrap is taken.", field: "name" });
    }
  });

  test("is somebody's only where it is: the cluster's own and a new one belong to nobody", async () => {
    await uploadOsDefinition(bench.admin, { name: "common", archive: archiveOf() });
    expect(await unchanged(() => uploadOsDefinition(bench.admin, { name: "common", archive: another, owner: "ada" }))).toEqual({ code: "conflict", field: "owner", message: "OS definition common is the cluster's own." });
    expect(await unchanged(() => uploadOsDefinition(bench.admin, { name: "new-one", archive: another, owner: "ada" }))).toMatchObject({ code: "conflict", field: "owner" });
  });
});

describe("a name that is another one but for upper and lower case", () => {
  const alike = { code: "exists", field: "name" };

  test("is taken, for everybody and every way in", async () => {
    for (const who of ["ada", "stranger", "admin"] as const) {
      expect(await unchanged(() => uploadOsDefinition(bench[who], { name: "Debootstrap", archive: another }))).toMatchObject({ ...alike, message: "A name that differs from Debootstrap in upper and lower case alone is taken." });
      expect(await unchanged(() => checkUpload(bench[who], { name: "DEBOOTSTRAP", archive: another }))).toMatchObject(alike);
    }
    expect(await unchanged(() => registerFromNode(bench.admin, { name: "DebootStrap", node: "nowhere" }))).toMatchObject(alike);
    const directory = await folderOf("DeBootStrap");
    expect(await unchanged(() => registerOsDefinition(setupContext(bench.services), { directory }))).toMatchObject(alike);
  });

  test("comes in once where both are new at the same moment", async () => {
    for (let n = 0; n < 5; n += 1) {
      const settled = await Promise.allSettled([uploadOsDefinition(bench.ada, { name: `os-${n}`, archive: archiveOf() }), uploadOsDefinition(bench.bob, { name: `OS-${n}`, archive: archiveOf() })]);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(settled.find((one): one is PromiseRejectedResult => one.status === "rejected")?.reason).toMatchObject(alike);
    }
  });

  test("stays where it is from before, gets its versions, and keeps a third one out", async () => {
    const { db } = bench.services;
    const migration = await readFile("prisma/migrations/0002_definitions_trust_keys/migration.sql", "utf8");
    const indexing = /DO \$\$ BEGIN\n {2}IF NOT EXISTS \(SELECT 1 FROM "os_definition"[\s\S]*?END \$\$;/.exec(migration)?.[0] ?? "";
    const indexes = async () => (await db.$queryRaw<readonly unknown[]>`SELECT 1 FROM pg_indexes WHERE indexname = 'os_definition_name_lower_key'`).length;
    expect(await indexes()).toBe(1);
    await db.$executeRaw`DROP INDEX os_definition_name_lower_key`;
    await db.osDefinition.createMany({ data: [{ name: "abc" }, { name: "ABC" }] });
    await db.$executeRawUnsafe(indexing);
    expect(await indexes()).toBe(0);
    expect(await uploadOsDefinition(bench.admin, { name: "abc", archive: archiveOf() })).toMatchObject({ version: 1 });
    expect(await unchanged(() => uploadOsDefinition(bench.admin, { name: "Abc", archive: archiveOf() }))).toMatchObject(alike);
    await db.osDefinition.deleteMany({ where: { name: { in: ["abc", "ABC"] } } });
    await db.$executeRawUnsafe(indexing);
    expect(await indexes()).toBe(1);
  });
});
