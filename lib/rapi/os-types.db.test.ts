import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Account, TestServices } from "#lib/http/testing-services.ts";
import { startTestServices } from "#lib/http/testing-services.ts";
import { seedRecordedCluster } from "./testing-cluster.ts";
import type { RapiTestServer } from "./testing-client.ts";
import { startRapiTestServer } from "./testing-client.ts";

const MANIFEST = { title: "", description: "", parameters: [], steps: [], minimumDiskMib: 0, minimumMemoryMib: 0, bootMarker: null, appliance: "small" };

let fixture: TestServices;
let server: RapiTestServer;

beforeAll(async () => {
  fixture = await startTestServices();
  await seedRecordedCluster(fixture);
  server = await startRapiTestServer(fixture);
  const { db } = fixture.services;
  const { other, owner } = fixture.userIds;
  for (const [name, given] of [
    ["private", { ownerId: other }],
    ["shared", { ownerId: other, shares: { create: { userId: owner } } }],
    ["hidden", { hidden: true }],
    ["forbidden", { blacklisted: true }],
    ["onlyhost", {}],
    ["trustedhost", { trustedDigest: "trustedhost", trustedBy: "admin", trustedAt: new Date() }],
    ["oldapi", {}],
  ] as const) {
    const halves = name.endsWith("host") ? { hostScripts: ["create"], untrustedScripts: [] } : { hostScripts: [], untrustedScripts: ["create"] };
    const { id } = await db.osDefinition.create({ data: { name, ...given } });
    const version = await db.osDefinitionVersion.create({ data: { definitionId: id, version: 1, digest: name, manifest: { ...MANIFEST, ...halves }, variants: [], apiVersions: name === "oldapi" ? [15] : [20] } });
    await db.osDefinition.update({ where: { id }, data: { currentVersionId: version.id } });
  }
});
afterAll(async () => {
  await server.stop();
  await fixture.stop();
});

const RECORDED = ["dualos+default", "dualos+small", "tinyos+default", "tinyos+small", "untos+default", "untos+small"];

describe("the OS definitions over the remote API", () => {
  test.each<[Account, readonly string[]]>([
    ["admin", ["private", "shared"]],
    ["other", ["private", "shared"]],
    ["owner", ["shared"]],
  ])("are for %s those that they see and may use", async (as, own) => {
    expect((await server.ask("GET", "/2/os", { as })).json).toEqual([...RECORDED, ...own].sort());
  });

  test("are listed with a host half alone as soon as a node runs it, and it is trusted and allowed", async () => {
    const { db } = fixture.services;
    const node = await db.node.findFirstOrThrow();
    const listed = async () => (await server.ask("GET", "/2/os", { as: "owner" })).text;
    try {
      await db.node.update({ where: { id: node.id }, data: { facts: { runsHostScripts: true } } });
      expect(await listed()).toContain("trustedhost");
      expect(await listed()).not.toContain("onlyhost");
      await db.cluster.update({ where: { id: 1 }, data: { hostScripts: false } });
      expect(await listed()).not.toContain("trustedhost");
    } finally {
      await db.cluster.update({ where: { id: 1 }, data: { hostScripts: true } });
      await db.node.update({ where: { id: node.id }, data: { facts: node.facts ?? {} } });
    }
  });

  test("are named in what is said of the cluster only to those who see them", async () => {
    await fixture.services.db.osDefinition.update({ where: { name: "private" }, data: { hidden: true, blacklisted: true } });
    try {
      expect((await server.ask("GET", "/2/info", { as: "other" })).json).toMatchObject({ hidden_os: ["hidden", "private"], blacklisted_os: ["forbidden", "private"] });
      const { text, json } = await server.ask("GET", "/2/info", { as: "owner" });
      expect(json).toMatchObject({ hidden_os: ["hidden"], blacklisted_os: ["forbidden"] });
      expect(text).not.toContain("private");
    } finally {
      await fixture.services.db.osDefinition.update({ where: { name: "private" }, data: { hidden: false, blacklisted: false } });
    }
  });

  test("that somebody doesn't see are refused for a reinstall as those that aren't there", async () => {
    const reinstall = async (os: string): Promise<string> => {
      const job = await server.ask("POST", `/2/instances/inst2.example.test/reinstall?os=${os}`, { as: "owner" });
      return (await server.ask("GET", `/2/jobs/${String(job.json)}`, { as: "owner" })).text;
    };
    const [hidden, missing] = [await reinstall("private"), await reinstall("pravite")];
    expect(hidden).toContain("There is no OS definition private.");
    const told = (text: string) => text.replaceAll("pravite", "private").replaceAll(/\b\d+\b/g, "N");
    expect(told(hidden)).toBe(told(missing));
  });

  test("that an instance has are what it is reinstalled with, whoever sees them", async () => {
    await fixture.services.db.osDefinition.update({ where: { name: "tinyos" }, data: { ownerId: fixture.userIds.other } });
    expect((await server.ask("GET", "/2/os", { as: "owner" })).text).not.toContain("tinyos");
    const job = await server.ask("POST", "/2/instances/inst2.example.test/reinstall", { as: "owner" });
    expect((await server.ask("GET", `/2/jobs/${String(job.json)}`, { as: "owner" })).json).toMatchObject({ status: "queued" });
  });
});
