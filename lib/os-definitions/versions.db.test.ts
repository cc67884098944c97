import { createHash } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { blobPath } from "#lib/blobs/blob-files.ts";
import { OS_QUOTAS } from "#lib/domain/os-quotas.ts";
import { setupContext } from "#lib/context/open-services.ts";
import { checkUpload } from "./check-upload.ts";
import { deleteOsDefinition } from "./delete-os-definition.ts";
import { diffVersions } from "./diff-versions.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { getVersion } from "./get-version.ts";
import { listOsDefinitions } from "./list-os-definitions.ts";
import { listVersions } from "./list-versions.ts";
import { modifyOsDefinition } from "./modify-os-definition.ts";
import { readFile } from "./read-file.ts";
import { registerOsDefinition } from "./register-os-definition.ts";
import { restoreDefinitionTar } from "./definition-tars.ts";
import type { DefinitionBench } from "./testing.ts";
import { archiveOf, openDefinitionBench, refusalOf } from "./testing.ts";
import { uploadOsDefinition } from "./upload-os-definition.ts";

let bench: DefinitionBench;
beforeAll(async () => {
  bench = await openDefinitionBench();
});
afterAll(() => bench.close());

const manifest = (own: object) => JSON.stringify({ title: "A system", ...own });
const upload = (name: string, files: Parameters<typeof archiveOf>[0] = {}, who: "ada" | "bob" | "admin" = "ada") => uploadOsDefinition(bench[who], { name, archive: archiveOf(files) });
const versionsOf = async (name: string) => (await listVersions(bench.ada, name, {})).items.map(({ version }) => version);

describe("an upload", () => {
  test("under a new name is the caller's own, untrusted, with what it holds", async () => {
    const detail = await upload("first", { "slipway.json": manifest({ parameters: [{ name: "size" }] }), "variants.list": "plain\nfull\n" });
    expect(detail).toMatchObject({ name: "first", title: "A system", owner: "ada", trusted: null, version: 1, variants: ["plain", "full"], serialNo: 2, sharedWith: [], instanceCount: 0 });
    expect(detail.versions).toMatchObject([{ version: 1, registeredBy: "ada", source: "upload", digest: detail.digest }]);
    expect(detail.runs).toEqual([{ script: "create", places: ["appliance"], refusal: null }]);
    expect(detail.files.map((file) => [file.path, file.mode])).toEqual([["ganeti_api_version", 0o644], ["slipway.json", 0o644], ["untrusted/create", 0o755], ["variants.list", 0o644]]);
    expect(await bench.services.db.auditEntry.findFirst({ orderBy: { id: "desc" } })).toMatchObject({ actor: "ada", action: "os.upload", objectName: "first", outcome: "done", details: { version: 1, digest: detail.digest, source: "upload" } });
  });

  test("by an administrator is the cluster's own", async () => {
    expect(await upload("common", {}, "admin")).toMatchObject({ owner: null });
    await deleteOsDefinition(bench.admin, "common");
  });

  test("of the same content changes nothing, of another makes a version, and of an older one makes that current again", async () => {
    const one = await upload("same");
    const before = await bench.state();
    expect(await upload("same")).toEqual(one);
    expect(await bench.state()).toEqual(before);
    const two = await upload("same", { "notes.txt": "2" });
    expect([two.version, await versionsOf("same")]).toEqual([2, [2, 1]]);
    const back = await upload("same");
    expect([back.version, back.digest, await versionsOf("same")]).toEqual([1, one.digest, [2, 1]]);
    expect((await upload("same", { "notes.txt": "3" })).version).toBe(3);
  });

  test.each([
    ["a name that can't be one", "../etc", archiveOf(), "invalid", "name"],
    ["a name that is too long", "a".repeat(65), archiveOf(), "invalid", "name"],
    ["what isn't an archive", "refused", Buffer.from("nothing"), "invalid", undefined],
    ["a folder without a script", "refused", archiveOf({ "untrusted/create": null }), "invalid", "create"],
    ["a NUL in what it says of itself", "refused", archiveOf({ "slipway.json": '{"title":"a\\u0000b"}' }), "invalid", "slipway.json"],
    ["half a character in what it says of itself", "refused", archiveOf({ "slipway.json": '{"description":"a\\ud800b"}' }), "invalid", "slipway.json"],
    ["an image that isn't here", "refused", archiveOf({ "slipway.json": manifest({ carriedImage: { sha256: "0".repeat(64) } }) }), "unknown_object", "carriedImage"],
  ])("with %s is refused and leaves nothing", async (_, name, archive, code, field) => {
    const before = await bench.state();
    const refusal = await refusalOf(uploadOsDefinition(bench.ada, { name, archive }));
    expect(refusal.code).toBe(code);
    if (field !== undefined) expect(refusal.field).toBe(field);
    expect(await bench.state()).toEqual(before);
  });

  test("runs at the same moment as another of that definition, and both are versions", async () => {
    await upload("race");
    const uploaded = await Promise.all(Array.from({ length: 6 }, (_, n) => upload("race", { "notes.txt": `race ${n}` })));
    expect(await versionsOf("race")).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(new Set(uploaded.map(({ id }) => id)).size).toBe(1);
  });

  test("of a new name at the same moment as somebody else's belongs to one of the two, and the other is told", async () => {
    for (let n = 0; n < 5; n += 1) {
      const settled = await Promise.allSettled([upload(`won-${n}`, { "notes.txt": "ada" }), upload(`won-${n}`, { "notes.txt": "bob" }, "bob")]);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const lost = settled.find((one): one is PromiseRejectedResult => one.status === "rejected");
      expect(lost?.reason).toMatchObject({ code: "exists", message: `The name won-${n} is taken.` });
      const rows = await bench.services.db.osDefinition.findUniqueOrThrow({ where: { name: `won-${n}` }, include: { versions: true } });
      expect(rows.versions).toHaveLength(1);
    }
  });
});

describe("what an account may keep", () => {
  test("is counted over definitions, also of uploads at the same moment, and not for administrators", async () => {
    const { db } = bench.services;
    const have = await db.osDefinition.count({ where: { ownerId: bench.ids.stranger } });
    await db.osDefinition.createMany({ data: Array.from({ length: OS_QUOTAS.definitions - have - 1 }, (_, n) => ({ name: `fill-${n}`, ownerId: bench.ids.stranger })) });
    const settled = await Promise.allSettled(["last-1", "last-2", "last-3"].map((name) => uploadOsDefinition(bench.stranger, { name, archive: archiveOf() })));
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(await db.osDefinition.count({ where: { ownerId: bench.ids.stranger } })).toBe(OS_QUOTAS.definitions);
    expect(await refusalOf(uploadOsDefinition(bench.stranger, { name: "more", archive: archiveOf() }))).toMatchObject({ code: "too_large", message: `An account has at most ${OS_QUOTAS.definitions} OS definitions; delete one first.` });
    expect((await uploadOsDefinition(bench.admin, { name: "more", archive: archiveOf() })).owner).toBeNull();
    await db.osDefinition.deleteMany({ where: { ownerId: bench.ids.stranger } });
  });

  test("is counted in bytes of all versions, and what is there already can still be gone back to", async () => {
    const { db } = bench.services;
    await upload("large");
    await upload("large", { "notes.txt": "2" });
    await db.osDefinitionVersion.updateMany({ where: { version: 1, definition: { name: "large" } }, data: { sizeBytes: OS_QUOTAS.bytes } });
    const before = await bench.state();
    expect(await refusalOf(upload("large", { "notes.txt": "3" }))).toMatchObject({ code: "too_large" });
    expect(await refusalOf(upload("another-one", { "notes.txt": "3" }))).toMatchObject({ code: "too_large" });
    expect(await bench.state()).toEqual(before);
    expect((await upload("large")).version).toBe(1);
    await deleteOsDefinition(bench.ada, "large");
  });

  test("is counted in versions of one definition", async () => {
    const { db } = bench.services;
    const { id } = await upload("many");
    await db.osDefinitionVersion.createMany({ data: Array.from({ length: OS_QUOTAS.versions - 1 }, (_, n) => ({ definitionId: id, version: n + 2, digest: String(n), manifest: {} })) });
    expect(await refusalOf(upload("many", { "notes.txt": "one too many" }))).toMatchObject({ code: "too_large", message: `An OS definition has at most ${OS_QUOTAS.versions} versions.` });
    await deleteOsDefinition(bench.ada, "many");
  });
});

describe("a check before an upload", () => {
  test("says what would change and stores nothing", async () => {
    const old = await upload("checked", { "notes.txt": "one\ntwo\nthree\n", "slipway.json": manifest({ parameters: [{ name: "size" }, { name: "gone" }] }), "variants.list": "a\nb\n" });
    const before = await bench.state();
    const check = await checkUpload(bench.ada, {
      name: "checked",
      archive: archiveOf({ "notes.txt": "one\n2\nthree\n", "slipway.json": manifest({ title: "Another", parameters: [{ name: "size", required: true }, { name: "new" }] }), "variants.list": "b\nc\n", create: "#!/bin/sh\n", "untrusted/rename": "#!/bin/sh\n" }),
    });
    expect(await bench.state()).toEqual(before);
    expect(check).toMatchObject({ name: "checked", existingVersion: null, nextVersion: 2, trustedAtOnce: false, variants: ["b", "c"], apiVersions: [20] });
    expect(check.runs).toEqual([
      { script: "create", places: ["appliance"], refusal: null },
      { script: "rename", places: ["appliance"], refusal: null },
    ]);
    expect(check.diff).toMatchObject({ from: { version: 1, digest: old.digest }, to: { version: null, digest: check.digest }, variants: { added: ["c"], removed: ["a"] } });
    expect(check.diff?.parameters.map(({ name, change }) => [name, change])).toEqual([["gone", "removed"], ["new", "added"], ["size", "changed"]]);
    expect(check.diff?.manifest.toSorted()).toEqual(["hostScripts", "title", "untrustedScripts"]);
    expect(check.diff?.files.map(({ path: file, change }) => [file, change])).toEqual([["create", "added"], ["notes.txt", "changed"], ["slipway.json", "changed"], ["untrusted/rename", "added"], ["variants.list", "changed"]]);
    expect(check.diff?.files[1]?.hunks).toEqual([{ oldStart: 1, oldLines: 3, newStart: 1, newLines: 3, lines: [" one", "-two", "+2", " three"] }]);
    expect(check.digest).toBe((await upload("checked", { "notes.txt": "one\n2\nthree\n", "slipway.json": manifest({ title: "Another", parameters: [{ name: "size", required: true }, { name: "new" }] }), "variants.list": "b\nc\n", create: "#!/bin/sh\n", "untrusted/rename": "#!/bin/sh\n" })).digest);
  });

  test("knows a content that is there, and has nothing to compare a new name with", async () => {
    await upload("known");
    expect(await checkUpload(bench.ada, { name: "known", archive: archiveOf() })).toMatchObject({ existingVersion: 1, nextVersion: 2, diff: { files: [] } });
    expect(await checkUpload(bench.ada, { name: "brand-new", archive: archiveOf() })).toMatchObject({ existingVersion: null, nextVersion: 1, diff: null, warnings: [] });
  });

  test("warns of what a person should look at", async () => {
    const { warnings } = await checkUpload(bench.ada, { name: "brand-new", archive: archiveOf({ "untrusted/create": null, create: "#!/bin/sh\n" }) });
    expect(warnings).toEqual(["Its create script is in the host half only: it installs nothing until an administrator trusts it."]);
  });
});

describe("versions", () => {
  test("are listed newest first, in pages", async () => {
    for (let n = 1; n <= 5; n += 1) await upload("paged", { "notes.txt": String(n) });
    const first = await listVersions(bench.ada, "paged", { limit: 2 });
    const second = await listVersions(bench.ada, "paged", { limit: 2, cursor: first.nextCursor ?? undefined });
    const third = await listVersions(bench.ada, "paged", { limit: 2, cursor: second.nextCursor ?? undefined });
    expect([first, second, third].map(({ items }) => items.map(({ version }) => version))).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.nextCursor).toBeNull();
  });

  test("are each as they were, whatever the current one is", async () => {
    await upload("kept", { "notes.txt": "old" });
    await upload("kept", { "notes.txt": "new" });
    expect((await readFile(bench.ada, "kept", 1, "notes.txt")).text).toBe("old");
    expect((await readFile(bench.ada, "kept", 2, "notes.txt")).text).toBe("new");
    expect((await getVersion(bench.ada, "kept", 1)).files.map((file) => file.path)).toEqual(["ganeti_api_version", "notes.txt", "untrusted/create"]);
    expect(await refusalOf(getVersion(bench.ada, "kept", 3))).toMatchObject({ code: "unknown_object", field: "version" });
    expect(await refusalOf(diffVersions(bench.ada, "kept", { from: 1, to: 3 }))).toMatchObject({ code: "unknown_object", field: "to" });
    const diff = await diffVersions(bench.ada, "kept", { from: 2, to: 1 });
    expect(diff).toMatchObject({ from: { version: 2 }, to: { version: 1 }, parameters: [], variants: { added: [], removed: [] }, manifest: [] });
    expect(diff.files).toMatchObject([{ path: "notes.txt", change: "changed", hunks: [{ lines: ["-new", "+old"] }] }]);
  });

  test("give out a file by its own path and by no other", async () => {
    await upload("files", { "a/b.txt": "text\n", "data.bin": new Uint8Array([0, 1, 2]), "latin.txt": new Uint8Array([0xe9]), "big.txt": "x".repeat(1_048_577) });
    expect(await readFile(bench.ada, "files", 1, "a/b.txt")).toMatchObject({ path: "a/b.txt", mode: 0o644, size: 5, text: "text\n", note: null });
    expect(await readFile(bench.ada, "files", 1, "data.bin")).toMatchObject({ text: null, note: "binary" });
    expect(await readFile(bench.ada, "files", 1, "latin.txt")).toMatchObject({ text: null, note: "binary" });
    expect(await readFile(bench.ada, "files", 1, "big.txt")).toMatchObject({ text: null, note: "too large" });
    for (const other of ["a", "a/", "./a/b.txt", "a/../a/b.txt", "/etc/passwd", "../files/a/b.txt", "A/B.TXT", "a/b.txt\0", "%", "a\\b.txt"]) {
      expect(await refusalOf(readFile(bench.ada, "files", 1, other)), other).toMatchObject({ code: "unknown_object", field: "path" });
    }
  });

  test("of before their files were kept say so, and have them once the same content is registered again", async () => {
    const { db } = bench.services;
    await upload("healed", { "only-here.txt": "bytes" });
    const digest = createHash("sha256").update("bytes").digest("hex");
    await db.osFileContent.delete({ where: { digest } });
    await db.osDefinitionVersion.updateMany({ where: { definition: { name: "healed" } }, data: { untrustedDigest: null } });
    expect(await readFile(bench.ada, "healed", 1, "only-here.txt")).toMatchObject({ text: null, note: "not stored" });
    const events = await db.event.count();
    await upload("healed", { "only-here.txt": "bytes" });
    expect(await readFile(bench.ada, "healed", 1, "only-here.txt")).toMatchObject({ text: "bytes", note: null });
    expect((await db.osDefinitionVersion.findFirstOrThrow({ where: { definition: { name: "healed" } } })).untrustedDigest).toMatch(/^[0-9a-f]{64}$/);
    expect([await versionsOf("healed"), await db.event.count()]).toEqual([[1], events]);
  });
});

describe("the untrusted half", () => {
  test("is on no disk until a node needs it, and is then the archive that its digest says, at any controller", async () => {
    const { db, config } = bench.services;
    await upload("packed", { "untrusted/lib/common.sh": "true\n" });
    const version = await db.osDefinitionVersion.findFirstOrThrow({ where: { definition: { name: "packed" } } });
    const digest = version.untrustedDigest ?? "";
    expect(await readdir(config.paths.blobs).catch(() => [])).not.toContain(digest);
    expect(await restoreDefinitionTar(db, config.paths.blobs, digest)).toBe(true);
    const other = path.join(bench.home, "blobs of another controller");
    expect(await restoreDefinitionTar(db, other, digest)).toBe(true);
    expect(await readdir(other)).toEqual([digest]);
    expect(await restoreDefinitionTar(db, other, "0".repeat(64))).toBe(false);
    await deleteOsDefinition(bench.ada, "packed");
    expect(await readdir(config.paths.blobs)).not.toContain(digest);
    expect(blobPath(config.paths.blobs, digest)).toContain(digest);
  });
});

describe("an image that a definition names", () => {
  test("is one of a definition that the caller sees, and becomes what an install attaches", async () => {
    const directory = path.join(bench.home, "with-image");
    await mkdir(path.join(directory, "untrusted"), { recursive: true });
    await writeFile(path.join(directory, "ganeti_api_version"), "20\n");
    await writeFile(path.join(directory, "untrusted/create"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(path.join(bench.home, "image"), "squashed");
    const sha256 = createHash("sha256").update("squashed").digest("hex");
    const registered = await registerOsDefinition(setupContext(bench.services), { directory, image: { file: path.join(bench.home, "image"), digest: sha256 } });
    expect(registered.image).toEqual({ digest: sha256, sizeBytes: 8 });
    const named = { "slipway.json": manifest({ carriedImage: { sha256 } }) };
    const own = await upload("own-image", named);
    expect(own.image).toEqual({ digest: sha256, sizeBytes: 8 });
    // The image's definition becomes bob's: ada doesn't see it any more, and her own version is where she knows it from.
    await bench.services.db.osDefinition.update({ where: { name: "with-image" }, data: { ownerId: bench.ids.bob } });
    expect((await upload("own-image", { ...named, "notes.txt": "2" })).image?.digest).toBe(sha256);
    expect(await refusalOf(uploadOsDefinition(bench.stranger, { name: "stolen", archive: archiveOf(named) }))).toMatchObject({ code: "unknown_object", field: "carriedImage" });
  });
});

describe("the list", () => {
  test("finds by a part of name or title, in either case and literally, in pages by name", async () => {
    await upload("zeta-one", { "slipway.json": manifest({ title: "Wide 100% System" }) });
    await upload("zeta-two", { "slipway.json": manifest({ title: "Narrow" }) });
    await upload("zeta_three");
    const found = async (search: string): Promise<string[]> => (await listOsDefinitions(bench.ada, { search })).items.map(({ name }) => name);
    expect(await found("ZETA")).toEqual(["zeta-one", "zeta-two", "zeta_three"]);
    expect(await found("wide 100%")).toEqual(["zeta-one"]);
    expect(await found("zeta_")).toEqual(["zeta_three"]);
    expect(await found("a%o")).toEqual([]);
    const first = await listOsDefinitions(bench.ada, { search: "zeta", limit: 2 });
    const rest = await listOsDefinitions(bench.ada, { search: "zeta", limit: 2, cursor: first.nextCursor ?? undefined });
    expect([...first.items, ...rest.items].map(({ name }) => name)).toEqual(["zeta-one", "zeta-two", "zeta_three"]);
  });

  test("asks the database as often for many as for one", async () => {
    const asked = vi.fn();
    const db = bench.services.db.$extends({ query: { $allModels: { $allOperations: ({ args, query }) => (asked(), query(args)) } } });
    // The extended client has every method that a list uses; its type is another one.
    const ctx = { ...bench.admin, services: { ...bench.services, db: db as unknown as typeof bench.services.db } };
    await listOsDefinitions(ctx, { limit: 1 });
    const forOne = asked.mock.calls.length;
    await listOsDefinitions(ctx, { limit: 10 });
    expect(asked.mock.calls.length).toBe(2 * forOne);
  });
});

describe("a change", () => {
  test("is what was sent and nothing else, and is refused where somebody else was first", async () => {
    const { serialNo } = await upload("changed");
    const hidden = await modifyOsDefinition(bench.ada, "changed", { hidden: true, serialNo });
    expect(hidden).toMatchObject({ hidden: true, blacklisted: false, serialNo: serialNo + 1 });
    const before = await bench.state();
    expect(await refusalOf(modifyOsDefinition(bench.ada, "changed", { hidden: false, serialNo }))).toMatchObject({ code: "conflict", field: "serialNo" });
    expect(await refusalOf(modifyOsDefinition(bench.ada, "changed", {}))).toMatchObject({ code: "invalid" });
    expect(await refusalOf(modifyOsDefinition(bench.ada, "changed", { sharedWith: ["bob", "nobody", "nobody\0"] }))).toMatchObject({ code: "unknown_object", field: "sharedWith" });
    expect(await refusalOf(modifyOsDefinition(bench.ada, "changed", { hidden: false, blacklisted: true }))).toMatchObject({ code: "not_allowed" });
    expect(await bench.state()).toEqual(before);
    expect(await modifyOsDefinition(bench.admin, "changed", { blacklisted: true })).toMatchObject({ hidden: true, blacklisted: true });
  });

  test("shares with whoever is named, once, and never with its owner or of the cluster's own", async () => {
    await upload("shared");
    expect((await modifyOsDefinition(bench.ada, "shared", { sharedWith: ["bob", "bob", "ada", "stranger"] })).sharedWith).toEqual(["bob", "stranger"]);
    expect((await modifyOsDefinition(bench.ada, "shared", { sharedWith: ["stranger"] })).sharedWith).toEqual(["stranger"]);
    await upload("everybodys", {}, "admin");
    expect(await refusalOf(modifyOsDefinition(bench.admin, "everybodys", { sharedWith: ["bob"] }))).toMatchObject({ code: "invalid", field: "sharedWith" });
  });

  test("of names that can't be names is of nothing", async () => {
    for (const name of ["", "..", "a/b", "a b", "a\0", "a".repeat(65), "ä"]) {
      expect(await refusalOf(getOsDefinition(bench.ada, name)), name).toMatchObject({ code: "unknown_object" });
    }
  });
});
