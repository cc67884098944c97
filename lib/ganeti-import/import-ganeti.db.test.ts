import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RequestContext } from "#lib/context/context.ts";
import { setupContext } from "#lib/context/open-services.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { addNode } from "#lib/nodes/add-node.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";
import { importGaneti } from "./import-ganeti.ts";
import { readConfigFile } from "./read-config-file.ts";

const fixtures = path.join(import.meta.dirname, "fixtures");
/** Every private value of the fixture begins so. */
const PRIVATE = "fixture-private-of-";

let open: TestServices;
let ctx: RequestContext;
beforeAll(async () => {
  open = await openTestServices();
  ctx = setupContext(open.services);
});
afterAll(() => open.close());

const run = async (apply: boolean, osDirectories = [path.join(fixtures, "os")]) =>
  importGaneti(ctx, { config: await readConfigFile(path.join(fixtures, "config.data")), osDirectories, roots: [], apply });

/** How many rows each table has, but for the program's own bookkeeping. */
async function rowCounts(): Promise<Record<string, number>> {
  const { db } = open.services;
  return {
    nodes: await db.node.count(),
    instances: await db.instance.count(),
    disks: await db.instanceDisk.count(),
    nics: await db.instanceNic.count(),
    parameters: await db.instanceParameter.count(),
    definitions: await db.osDefinition.count(),
    versions: await db.osDefinitionVersion.count(),
    defaults: await db.parameterDefault.count(),
    audit: await db.auditEntry.count(),
    events: await db.event.count(),
  };
}

/** Everything in the database that could hold a value, as one text: texts as they are, bytes as hex. */
async function everything(): Promise<string> {
  const tables = await open.services.db.$queryRaw<{ name: string }[]>`
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await open.services.db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join("\n");
}

describe("an import from a Ganeti cluster", () => {
  test("says first what it would do, and does nothing", async () => {
    const before = await rowCounts();
    const plan = await run(false);
    expect(plan.bring.instances.map(({ name }) => name.split(".")[0])).toEqual(["web1", "db1", "image1", "old1", "noos1", "diskless1", "rbd1", "ovs1", "talks1"]);
    expect(await rowCounts()).toEqual(before);
  });

  test("brings what the dry run said", async () => {
    const planned = await run(false);
    const applied = await run(true);
    expect(applied.bring.instances.map(({ id }) => id)).toEqual(planned.bring.instances.map(({ id }) => id));
    expect(applied.cannot).toEqual(planned.cannot);
    expect(await rowCounts()).toMatchObject({ nodes: 4, instances: 9, definitions: 3, versions: 3, defaults: 5 });
  });

  test("brings an instance with its sizes, disks, NICs and tags, and says that nothing is installed on it", async () => {
    const web = await getInstance(ctx, "web1.example.test");
    expect(web).toMatchObject({
      id: "00000000-0000-4000-8000-000000000100",
      osType: "debootstrap+default",
      node: "node1.example.test",
      owner: null,
      vcpus: 2,
      memoryMib: 2_048,
      diskMib: 30_720,
      tags: ["env:prod", "owner:web"],
      adminState: "running",
      operState: null,
      install: null,
      createdAt: "2020-09-13T12:26:40.250Z",
    });
    expect(web.nics).toMatchObject([
      { mac: "aa:00:00:00:00:64", ip: "192.0.2.100", mode: "bridged", link: "br-lan", name: "front" },
      { mac: "aa:00:00:00:00:65", ip: null, mode: "bridged", link: "br0", name: null },
    ]);
    expect(await getInstance(ctx, "talks1.example.test")).toMatchObject({ communication: true, nics: [{ index: 0 }] });
    await open.services.db.node.updateMany({ where: { name: "node1.example.test" }, data: { state: "online" } });
    const reachable = await getInstance(ctx, "web1.example.test");
    expect(reachable.status).toBe("not_installed");
    expect(reachable.blockedActions).not.toHaveProperty("reinstall");
    expect(reachable.blockedActions.start).toBe("Nothing is installed on it yet.");
  });

  test("keeps private values encrypted for the place in which they are, and in plain nowhere", async () => {
    const { db, keyring } = open.services;
    const row = await db.instanceParameter.findFirstOrThrow({ where: { instance: { name: "web1.example.test" }, name: "root_password" } });
    expect(row).toMatchObject({ visibility: "private", publicValue: null });
    const sealed = row.privateValue;
    if (sealed === null) throw new Error("the constraint of the table says otherwise");
    expect((await keyring.unseal(sealed, { kind: "instance", instanceId: row.instanceId, name: row.name })).open()).toBe(`${PRIVATE}web1`);
    const all = await everything();
    expect(all).toContain("http://deb.example.test/debian"); // a public one: the search finds what is there
    for (const plain of [PRIVATE, "drbd-shared-secret"]) {
      expect(all).not.toContain(plain);
      expect(all).not.toContain(Buffer.from(plain).toString("hex"));
      expect(open.logged()).not.toContain(plain);
    }
  });

  test("brings defaults to their definition and variant, private ones encrypted there", async () => {
    const { db, keyring } = open.services;
    const rows = await db.parameterDefault.findMany({ include: { definition: { select: { name: true } } }, orderBy: { name: "asc" } });
    expect(rows.map(({ definition, variant, name, visibility, publicValue }) => [definition?.name, variant, name, visibility, publicValue])).toEqual([
      ["debootstrap", null, "filesystem", "public", "ext3"],
      ["debootstrap", null, "mirror", "public", "http://deb.example.test/debian"],
      ["debootstrap", null, "proxy_password", "private", null],
      ["debootstrap", "default", "root_password", "private", null],
      ["debootstrap", "default", "suite", "public", "bookworm"],
    ]);
    const row = rows.find(({ name }) => name === "root_password");
    if (row?.privateValue === null || row === undefined) throw new Error("it is there, and encrypted");
    const { definitionId, variant, name } = row;
    expect((await keyring.unseal(row.privateValue, { kind: "default", definitionId, variant, name })).open()).toBe(`${PRIVATE}default`);
  });

  test("trusts the definitions that it brings, this content and not its updates, and says why", async () => {
    const image = await getOsDefinition(ctx, "image");
    expect(image.trusted).toMatchObject({ reason: "Imported from the Ganeti cluster ganeti.example.test: its definitions are trusted when it is upgraded", updates: false });
    const legacy = await open.services.db.osDefinition.findUniqueOrThrow({ where: { name: "legacy" }, include: { currentVersion: true } });
    expect(legacy).toMatchObject({ ownerId: null, hidden: true, blacklisted: true, trustedDigest: legacy.currentVersion?.digest });
    const audit = await open.services.db.auditEntry.findMany({ where: { action: { in: ["import.ganeti", "os.trust"] } }, orderBy: { id: "asc" } });
    expect(audit.map(({ action, objectName }) => `${action} ${objectName ?? ""}`)).toEqual(["import.ganeti ganeti.example.test", "os.trust debootstrap", "os.trust image", "os.trust legacy"]);
    expect(audit[0]?.details).toMatchObject({ instances: 9, nodes: 4, definitions: 3, defaults: 5 });
  });

  test("keeps what nodes are: offline and drained, waiting for their agents", async () => {
    const nodes = await open.services.db.node.findMany({ orderBy: { name: "asc" }, select: { name: true, offline: true, drained: true, address: true } });
    expect(nodes.map(({ name, offline, drained }) => [name.split(".")[0], offline, drained])).toEqual([["node1", false, false], ["node2", false, false], ["node3", true, false], ["node4", false, true]]);
    expect(nodes.every(({ address }) => address === null)).toBe(true);
  });

  test("changes nothing when it is given again, not even what somebody changed since", async () => {
    await open.services.db.osDefinition.update({ where: { name: "image" }, data: { trustedDigest: null, trustedBy: null, trustedAt: null, trustReason: null } });
    const before = await rowCounts();
    const plan = await run(true);
    expect(Object.values(plan.bring).map((list) => list.length)).toEqual([0, 0, 0, 0]);
    expect(plan.skip.filter(({ subject }) => subject === "instance")).toHaveLength(9);
    expect(await rowCounts()).toEqual(before);
    expect((await getOsDefinition(ctx, "image")).trusted).toBeNull();
  });

  test("leaves a node that can be enrolled by its name", async () => {
    const { token } = await addNode(ctx, { name: "node1.example.test" });
    expect(token).not.toBe("");
    expect(await open.services.db.node.findUniqueOrThrow({ where: { name: "node1.example.test" } })).toMatchObject({ id: "00000000-0000-4000-8000-000000000010" });
  });

  test("is for administrators", async () => {
    const owner = contextOf(open.services, await insertUser(open.services, { name: "owner", role: "owner" }));
    await expect(importGaneti(owner, { config: await readConfigFile(path.join(fixtures, "config.data")), osDirectories: [], roots: [], apply: true })).rejects.toMatchObject({ code: "not_allowed" });
  });
});
