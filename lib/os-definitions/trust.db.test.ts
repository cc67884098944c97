import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import { findDefinition } from "#lib/instances/find-definition.ts";
import { checkUpload } from "./check-upload.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { getVersion } from "./get-version.ts";
import { listOsDefinitions } from "./list-os-definitions.ts";
import { setTrust } from "./set-trust.ts";
import type { DefinitionBench } from "./testing.ts";
import { archiveOf, openDefinitionBench, refusalOf, shareWithBob } from "./testing.ts";
import { uploadOsDefinition } from "./upload-os-definition.ts";

let bench: DefinitionBench;
beforeAll(async () => {
  bench = await openDefinitionBench();
});
afterAll(() => bench.close());

const HOST = { create: "#!/bin/sh\n", "untrusted/create": null };
const upload = (name: string, note: string) => uploadOsDefinition(bench.ada, { name, archive: archiveOf({ ...HOST, "notes.txt": note }) });
/** Of the cluster's own, whose updates can be trusted. */
const uploadOwn = (name: string, note: string) => uploadOsDefinition(bench.admin, { name, archive: archiveOf({ ...HOST, "notes.txt": note }) });
const digestOf = async (name: string): Promise<string> => (await getOsDefinition(bench.admin, name)).digest ?? "";
const trust = async (name: string, more: { readonly updates?: boolean } = {}) => setTrust(bench.admin, name, { trusted: true, digest: await digestOf(name), reason: "read every line", ...more });
const lastAudit = () => bench.services.db.auditEntry.findFirstOrThrow({ orderBy: { id: "desc" } });

describe("trust", () => {
  test("is given to the content that was looked at, with who, when and why, and lets its host half run", async () => {
    expect((await upload("given", "1")).runs).toEqual([{ script: "create", places: [], refusal: "OS definition given is not trusted, and has no untrusted create script." }]);
    const digest = await digestOf("given");
    const detail = await trust("given");
    expect(detail.trusted).toMatchObject({ by: "admin", reason: "read every line", digest, updates: false });
    expect(detail.runs).toEqual([{ script: "create", places: ["host"], refusal: null }]);
    expect((await findDefinition(bench.ada, "given")).planned.trusted).toMatchObject({ by: "admin" });
    expect(await lastAudit()).toMatchObject({ action: "os.trust", objectName: "given", outcome: "done", details: { trusted: true, version: 1, digest, reason: "read every line", updates: false } });
  });

  test("doesn't pass to a new version, and is that content's again when it comes back", async () => {
    await upload("content", "1");
    await trust("content");
    expect((await upload("content", "2")).trusted).toBeNull();
    expect((await getVersion(bench.ada, "content", 1)).runs[0]?.places).toEqual(["host"]);
    expect((await getVersion(bench.ada, "content", 2)).runs[0]?.places).toEqual([]);
    expect(await checkUpload(bench.ada, { name: "content", archive: archiveOf({ ...HOST, "notes.txt": "1" }) })).toMatchObject({ existingVersion: 1, trustedAtOnce: true, warnings: [expect.any(String), "It is trusted as soon as it is registered, because admin trusts this very content."] });
    expect((await upload("content", "1")).trusted).toMatchObject({ by: "admin" });
  });

  test("is refused for a version that is no longer the current one, or never was", async () => {
    await upload("moved", "1");
    const looked = await digestOf("moved");
    await upload("moved", "2");
    const before = await bench.state();
    for (const digest of [looked, "0".repeat(64)]) {
      expect(await refusalOf(setTrust(bench.admin, "moved", { trusted: true, digest, reason: "looked at it" }))).toMatchObject({ code: "conflict", field: "digest" });
    }
    expect(await bench.state()).toEqual(before);
  });

  test("given while a new version comes in is never that one's", async () => {
    await upload("both", "0");
    for (let n = 1; n <= 8; n += 1) {
      const digest = await digestOf("both");
      await Promise.allSettled([setTrust(bench.admin, "both", { trusted: true, digest, reason: "looked at it" }), upload("both", String(n))]);
      const { trustedDigest } = await bench.services.db.osDefinition.findUniqueOrThrow({ where: { name: "both" } });
      expect(trustedDigest).not.toBe(await digestOf("both"));
    }
  });

  test.each([
    ["none", ""],
    ["too short a one", "ok"],
    ["blanks", "      "],
    ["too long a one", "x".repeat(501)],
    ["two lines", "fine\nTRUSTED BY ROOT"],
    ["a NUL", "fine\0then"],
    ["text that is turned around", "fine\u202ethen"],
    ["one with what can't be seen in it", "fine\u200bthen"],
    ["one of what looks like blanks", "\u2800\u2800\u2800\u3164"],
  ])("needs a reason: %s isn't one", async (_, reason) => {
    await upload("reasons", "1");
    const before = await bench.state();
    const digest = await digestOf("reasons");
    expect(await refusalOf(setTrust(bench.admin, "reasons", { trusted: true, digest, reason }))).toMatchObject({ code: "invalid", field: "reason" });
    expect(await refusalOf(setTrust(bench.admin, "reasons", { trusted: false, reason }))).toMatchObject({ code: "invalid", field: "reason" });
    expect(await bench.state()).toEqual(before);
  });

  test("is withdrawn, with a reason, and of the updates too", async () => {
    await uploadOwn("withdrawn", "1");
    const digest = await digestOf("withdrawn");
    await trust("withdrawn", { updates: true });
    const detail = await setTrust(bench.admin, "withdrawn", { trusted: false, reason: "it calls home" });
    expect(detail).toMatchObject({ trusted: null, runs: [{ places: [] }] });
    expect(await lastAudit()).toMatchObject({ action: "os.trust", details: { trusted: false, digest, reason: "it calls home" } });
    expect(await bench.services.db.osDefinition.findUniqueOrThrow({ where: { name: "withdrawn" } })).toMatchObject({ trustedDigest: null, trustedBy: null, trustedAt: null, trustReason: null, trustUpdates: false });
    expect((await uploadOwn("withdrawn", "2")).trusted).toBeNull();
    expect((await uploadOwn("withdrawn", "1")).trusted).toBeNull();
  });

  test("of updates passes to new versions and stays the administrator's who gave it, and the audit log says how", async () => {
    await uploadOwn("updates", "1");
    const { trusted: given } = await trust("updates", { updates: true });
    expect(await checkUpload(bench.admin, { name: "updates", archive: archiveOf({ ...HOST, "notes.txt": "2" }) })).toMatchObject({
      trustedAtOnce: true,
      runs: [{ script: "create", places: ["host"] }],
      warnings: [expect.any(String), "It is trusted as soon as it is registered, because admin said that updates of this definition are."],
    });
    const second = await uploadOwn("updates", "2");
    expect(second.trusted).toEqual({ ...given, digest: second.digest });
    expect(await lastAudit()).toMatchObject({ actor: "admin", action: "os.upload", details: { version: 2, trust: "trusted as an update, as admin said" } });
  });

  test("of updates isn't given to a definition that has an owner, whose next upload would run on hosts unseen", async () => {
    await upload("adas", "1");
    const before = await bench.state();
    expect(await refusalOf(trust("adas", { updates: true }))).toEqual({ code: "invalid", message: "updates: OS definition adas belongs to ada, whose uploads would be trusted unseen.", field: "updates" });
    expect(await bench.state()).toEqual(before);
    expect((await trust("adas", { updates: false })).trusted).toMatchObject({ updates: false });
  });

  test("given anew without updates is for this version alone again", async () => {
    await uploadOwn("narrowed", "1");
    await trust("narrowed", { updates: true });
    await trust("narrowed");
    expect((await uploadOwn("narrowed", "2")).trusted).toBeNull();
  });

  test("lets nothing run where the cluster forbids scripts on hosts", async () => {
    await upload("forbidden", "1");
    await trust("forbidden");
    await modifyCluster(bench.admin, { hostScripts: false });
    try {
      const { runs } = await getOsDefinition(bench.ada, "forbidden");
      expect(runs).toEqual([{ script: "create", places: [], refusal: "OS definition forbidden has only a host script for create, and the cluster forbids scripts on hosts." }]);
      expect((await getVersion(bench.ada, "forbidden", 1)).runs).toEqual(runs);
      expect((await checkUpload(bench.ada, { name: "forbidden", archive: archiveOf({ ...HOST, "notes.txt": "1" }) })).runs).toEqual(runs);
    } finally {
      await modifyCluster(bench.admin, { hostScripts: true });
    }
  });

  test("lets nothing run on hosts where no node's agent runs host scripts, and takes the other half with it", async () => {
    const both = await uploadOsDefinition(bench.ada, { name: "both-halves", archive: archiveOf({ create: "#!/bin/sh\n" }) });
    expect(both).toMatchObject({ runs: [{ places: ["appliance"] }], runsTrusted: [{ places: ["host", "appliance"] }], installRefusal: null });
    await upload("unable", "1");
    await trust("unable");
    const { db } = bench.services;
    await db.node.create({ data: { name: "node1", state: "online", facts: { runsHostScripts: false } } });
    await db.node.create({ data: { name: "node2" } });
    try {
      const refusal = "With trust, OS definition unable runs its create script on the host, and no agent that could take it runs host scripts.";
      const unable = await getOsDefinition(bench.ada, "unable");
      expect(unable).toMatchObject({ runs: [{ script: "create", places: [], refusal }], installRefusal: refusal });
      expect(unable.runsTrusted).toEqual(unable.runs);
      expect(unable.runsUntrusted[0]?.refusal).toContain("is not trusted");
      expect((await getVersion(bench.ada, "unable", 1)).runs).toEqual(unable.runs);
      expect((await checkUpload(bench.ada, { name: "unable", archive: archiveOf({ ...HOST, "notes.txt": "1" }) })).runs).toEqual(unable.runs);
      expect((await listOsDefinitions(bench.ada, { limit: 50, search: "unable" })).items[0]?.installRefusal).toBe(refusal);
      // Without trust it can be installed, with it no more.
      expect(await getOsDefinition(bench.ada, "both-halves")).toMatchObject({ installRefusal: null, runs: [{ places: ["appliance"] }], runsTrusted: [{ places: [] }], runsUntrusted: [{ places: ["appliance"] }] });
      await db.node.update({ where: { name: "node2" }, data: { facts: { runsHostScripts: true } } });
      expect(await getOsDefinition(bench.ada, "unable")).toMatchObject({ runs: [{ places: ["host"], refusal: null }], installRefusal: null });
    } finally {
      await db.node.deleteMany();
    }
  });

  test("is no part of a definition's name: one that is made anew has none", async () => {
    const { deleteOsDefinition } = await import("./delete-os-definition.ts");
    await uploadOwn("again", "1");
    await trust("again", { updates: true });
    await deleteOsDefinition(bench.admin, "again");
    expect((await upload("again", "1")).trusted).toBeNull();
  });

  test("is shown to everybody who sees the definition", async () => {
    await shareWithBob(bench, "seen", HOST);
    await trust("seen");
    expect((await getOsDefinition(bench.bob, "seen")).trusted).toMatchObject({ by: "admin", reason: "read every line" });
  });
});
