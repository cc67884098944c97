import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { mayReceive } from "#lib/events/may-receive.ts";
import { findDefinition } from "#lib/instances/find-definition.ts";
import { checkUpload } from "./check-upload.ts";
import { deleteOsDefinition } from "./delete-os-definition.ts";
import { definitionEvents } from "./definition-events.ts";
import { diffVersions } from "./diff-versions.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { getVersion } from "./get-version.ts";
import { listNodeFolders } from "./list-node-folders.ts";
import { listOsDefinitions } from "./list-os-definitions.ts";
import { listVersions } from "./list-versions.ts";
import { modifyOsDefinition } from "./modify-os-definition.ts";
import { readFile } from "./read-file.ts";
import { registerFromNode } from "./register-from-node.ts";
import { setTrust } from "./set-trust.ts";
import type { DefinitionBench } from "./testing.ts";
import { archiveOf, openDefinitionBench, refusalOf, shareWithBob } from "./testing.ts";
import { uploadOsDefinition } from "./upload-os-definition.ts";

let bench: DefinitionBench;
beforeAll(async () => {
  bench = await openDefinitionBench();
  await uploadOsDefinition(bench.admin, { name: "cluster-os", archive: archiveOf() });
  await shareWithBob(bench, "ada-os");
});
afterAll(() => bench.close());

type Who = "admin" | "ada" | "bob" | "stranger";
type Answer = "done" | "not_allowed" | "unknown_object" | "exists" | "conflict" | "node_unreachable";
type Row = readonly [string, (ctx: RequestContext, name: string) => Promise<unknown>, Readonly<Record<Who, Answer>>, Readonly<Record<Who, Answer>>];

const everybody = (answer: Answer) => ({ admin: answer, ada: answer, bob: answer, stranger: answer });
const administrators = { admin: "done", ada: "not_allowed", bob: "not_allowed", stranger: "not_allowed" } as const;
const digest = "0".repeat(64);
const content = archiveOf({ "notes.txt": "another" });

/** What each operation answers to each person: of ada's definition, and of the cluster's own. Those that are done change nothing that a later row needs. */
const MATRIX: readonly Row[] = [
  ["get", getOsDefinition, { ...everybody("done"), stranger: "unknown_object" }, everybody("done")],
  ["list versions", (ctx, name) => listVersions(ctx, name, {}), { ...everybody("done"), stranger: "unknown_object" }, everybody("done")],
  ["get a version", (ctx, name) => getVersion(ctx, name, 1), { ...everybody("done"), stranger: "unknown_object" }, everybody("done")],
  ["read a file", (ctx, name) => readFile(ctx, name, 1, "ganeti_api_version"), { ...everybody("done"), stranger: "unknown_object" }, everybody("done")],
  ["compare", (ctx, name) => diffVersions(ctx, name, { from: 1, to: 1 }), { ...everybody("done"), stranger: "unknown_object" }, everybody("done")],
  ["install with", (ctx, name) => findDefinition(ctx, name), { ...everybody("done"), stranger: "unknown_object" }, everybody("done")],
  ["check an upload", (ctx, name) => checkUpload(ctx, { name, archive: content }), { admin: "done", ada: "done", bob: "not_allowed", stranger: "exists" }, administrators],
  ["upload", (ctx, name) => uploadOsDefinition(ctx, { name, archive: content, owner: name === "ada-os" && ctx === bench.admin ? "ada" : undefined }), { admin: "done", ada: "done", bob: "not_allowed", stranger: "exists" }, administrators],
  ["hide", (ctx, name) => modifyOsDefinition(ctx, name, { hidden: false }), { admin: "done", ada: "done", bob: "not_allowed", stranger: "unknown_object" }, administrators],
  ["share", (ctx, name) => modifyOsDefinition(ctx, name, { hidden: false, ...(name === "ada-os" ? { sharedWith: ["bob"] } : {}) }), { admin: "done", ada: "done", bob: "not_allowed", stranger: "unknown_object" }, administrators],
  ["blacklist", (ctx, name) => modifyOsDefinition(ctx, name, { blacklisted: false }), { admin: "done", ada: "not_allowed", bob: "not_allowed", stranger: "unknown_object" }, administrators],
  ["trust", (ctx, name) => setTrust(ctx, name, { trusted: true, digest, reason: "looked at it" }), { ...administrators, admin: "conflict" }, { ...administrators, admin: "conflict" }],
  ["withdraw trust", (ctx, name) => setTrust(ctx, name, { trusted: false, reason: "no longer" }), administrators, administrators],
  ["register from a node", (ctx, name) => registerFromNode(ctx, { name, node: "nowhere" }), { ...administrators, admin: "exists" }, { ...administrators, admin: "unknown_object" }],
  ["list a node's folders", (ctx) => listNodeFolders(ctx, "nowhere"), { ...administrators, admin: "unknown_object" }, { ...administrators, admin: "unknown_object" }],
  ["delete", (ctx, name) => deleteOsDefinition(ctx, name), { admin: "done", ada: "done", bob: "not_allowed", stranger: "unknown_object" }, administrators],
];

async function answerOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => "done",
    async (error: unknown) => (await refusalOf(Promise.reject(error instanceof Error ? error : new Error("not an error")))).code,
  );
}

describe.each(MATRIX)("%s", (action, attempt, ofAdas, ofTheClusters) => {
  test.each(["stranger", "bob", "ada", "admin"] as const)("by %s", async (who) => {
    for (const [name, answers] of [["ada-os", ofAdas], ["cluster-os", ofTheClusters]] as const) {
      const before = await bench.state();
      expect(await answerOf(attempt(bench[who], name)), name).toBe(answers[who]);
      if (answers[who] !== "done" || action.startsWith("check")) expect(await bench.state(), name).toEqual(before);
      if (action === "delete" && answers[who] === "done") {
        if (name === "ada-os") await shareWithBob(bench, "ada-os");
        else await uploadOsDefinition(bench.admin, { name, archive: archiveOf() });
      }
    }
  });
});

describe("a definition that somebody may not see", () => {
  test("is answered for as one that isn't there, word for word, by every operation", async () => {
    for (const [action, attempt, ofAdas] of MATRIX) {
      if (ofAdas.stranger !== "unknown_object") continue;
      const hidden = await refusalOf(attempt(bench.stranger, "ada-os"));
      const missing = await refusalOf(attempt(bench.stranger, "bda-os"));
      expect({ ...hidden, message: hidden.message.replaceAll("ada-os", "bda-os") }, action).toEqual(missing);
    }
    expect((await refusalOf(getOsDefinition(bench.stranger, "ada-os"))).message).toBe(unknownObject("os", "ada-os").message);
  });

  test("gives away no more than that its name is taken", async () => {
    expect(await refusalOf(uploadOsDefinition(bench.stranger, { name: "ada-os", archive: archiveOf() }))).toEqual({ code: "exists", message: "The name ada-os is taken.", field: "name" });
  });

  test("is in no list, whatever is searched for, and in the lists of those who see it", async () => {
    const names = async (who: Who, search?: string): Promise<string[]> => (await listOsDefinitions(bench[who], { search })).items.map(({ name }) => name);
    expect(await names("stranger")).toEqual(["cluster-os"]);
    expect(await names("stranger", "ada")).toEqual([]);
    for (const who of ["ada", "bob", "admin"] as const) expect(await names(who)).toEqual(["ada-os", "cluster-os"]);
  });

  test("is no longer seen once it isn't shared any more, but the instance that has it is installed with it again", async () => {
    const { id } = await getOsDefinition(bench.ada, "ada-os");
    await modifyOsDefinition(bench.ada, "ada-os", { sharedWith: [] });
    expect(await refusalOf(findDefinition(bench.bob, "ada-os"))).toEqual({ code: "unknown_object", message: "There is no OS definition ada-os.", field: "osType" });
    expect((await findDefinition(bench.bob, "ada-os", { alreadyUsedBy: id })).planned.name).toBe("ada-os");
    expect(await answerOf(findDefinition(bench.bob, "ada-os", { alreadyUsedBy: bench.ids.ada }))).toBe("unknown_object");
    expect(await answerOf(getOsDefinition(bench.bob, "ada-os"))).toBe("unknown_object");
    await modifyOsDefinition(bench.ada, "ada-os", { sharedWith: ["bob"] });
  });
});

describe("those with whom a definition is shared", () => {
  test("are named to who may change it, and to nobody else", async () => {
    expect((await getOsDefinition(bench.ada, "ada-os")).sharedWith).toEqual(["bob"]);
    expect((await getOsDefinition(bench.admin, "ada-os")).sharedWith).toEqual(["bob"]);
    expect((await getOsDefinition(bench.bob, "ada-os")).sharedWith).toEqual([]);
  });

  test("are named where they aren't there, as they were typed and nothing more", async () => {
    const share = (...sharedWith: string[]) => refusalOf(modifyOsDefinition(bench.ada, "ada-os", { sharedWith }));
    expect(await share("bob", "bop")).toEqual({ code: "unknown_object", message: "There is no user bop.", field: "sharedWith" });
    expect((await share("a\u202eb", "n\0l")).message).toBe("There are no users a\ufffdb, n\ufffdl.");
    expect((await share("a", "b", "c", "d", "e", "f", "g", "h")).message).toBe("There are no users a, b, c, d, e, 3 more.");
    expect((await getOsDefinition(bench.ada, "ada-os")).sharedWith).toEqual(["bob"]);
  });

  test("are told what they can't do, and why", async () => {
    expect((await getOsDefinition(bench.bob, "ada-os")).blockedActions).toEqual({
      upload: "Only its owner and administrators may do that.",
      modify: "Only its owner and administrators may do that.",
      trust: "Only administrators may do that.",
      blacklist: "Only administrators may do that.",
      delete: "Only its owner and administrators may do that.",
    });
    expect((await getOsDefinition(bench.ada, "ada-os")).blockedActions).toEqual({ trust: "Only administrators may do that.", blacklist: "Only administrators may do that." });
    expect((await getOsDefinition(bench.admin, "ada-os")).blockedActions).toEqual({});
  });
});

describe("that a definition changed", () => {
  async function hearersOf(change: () => Promise<unknown>): Promise<Who[]> {
    const last = (await bench.services.db.event.findFirst({ orderBy: { id: "desc" } }))?.id ?? 0n;
    await change();
    const rows = await bench.services.db.event.findMany({ where: { id: { gt: last } } });
    const hears = (who: Who) => rows.some(({ ownerId }) => mayReceive(bench[who].identity, { ownerId, payload: { type: "os.changed", name: "x" } }));
    return (["admin", "ada", "bob", "stranger"] as const).filter(hears);
  }

  test("is heard by those who see it, by those who saw it until then, and by everybody of the cluster's own", async () => {
    expect(await hearersOf(() => modifyOsDefinition(bench.ada, "ada-os", { hidden: true }))).toEqual(["admin", "ada", "bob"]);
    expect(await hearersOf(() => modifyOsDefinition(bench.ada, "ada-os", { sharedWith: ["stranger"] }))).toEqual(["admin", "ada", "bob", "stranger"]);
    expect(await hearersOf(() => modifyOsDefinition(bench.ada, "ada-os", { sharedWith: [] }))).toEqual(["admin", "ada", "stranger"]);
    expect(await hearersOf(() => modifyOsDefinition(bench.ada, "ada-os", { hidden: false }))).toEqual(["admin", "ada"]);
    expect(await hearersOf(() => modifyOsDefinition(bench.admin, "cluster-os", { hidden: true }))).toEqual(["admin", "ada", "bob", "stranger"]);
    expect(await hearersOf(() => deleteOsDefinition(bench.ada, "ada-os"))).toEqual(["admin", "ada"]);
  });

  test("is written once for each, and once for everybody", async () => {
    expect(definitionEvents("x", null, ["a", "b"])).toHaveLength(1);
    expect(definitionEvents("x", "a", ["a", "b", "b"]).map(({ ownerId }) => ownerId)).toEqual(["a", "b"]);
    await bench.services.db.$transaction((tx) => appendEvents(tx, definitionEvents("x", bench.ids.ada, [bench.ids.bob])));
    expect(await bench.services.db.event.count({ where: { ownerId: bench.ids.bob } })).toBeGreaterThan(0);
  });
});
