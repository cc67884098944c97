import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listAudit } from "#lib/audit/list-audit.ts";
import { getCluster } from "#lib/cluster/get-cluster.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import type { Identity } from "#lib/domain/access.ts";
import { addNode } from "#lib/nodes/add-node.ts";
import { getNode } from "#lib/nodes/get-node.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";
import { createUser } from "#lib/users/create-user.ts";
import { listUsers } from "#lib/users/list-users.ts";
import { requireAccess, requireReach, unknownObject } from "./require.ts";

let open: TestServices;
let admin: RequestContext;
let owner: RequestContext;
let ownerId: string;

beforeAll(async () => {
  open = await openTestServices();
  admin = contextOf(open.services, await insertUser(open.services, { name: "admin", role: "administrator" }));
  const identity: Identity & { readonly kind: "user" } = await insertUser(open.services, { name: "owner", role: "owner" });
  owner = contextOf(open.services, identity);
  ownerId = identity.userId;
});
afterAll(() => open.close());

async function refusal(attempt: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  const error: unknown = await attempt.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof Error && "code" in error) return { code: String(error.code), message: error.message };
  throw new Error("the attempt went through");
}

describe("an owner", () => {
  test("reaches what is theirs", async () => {
    await requireAccess(owner, "instance.reinstall", { kind: "instance", name: "mine", ownerId });
    expect(await requireReach(owner, "instance.list", "instance")).toEqual({ ownerId });
  });

  test("is told of another's instance what they are told of one that isn't there, word for word", async () => {
    const another = { kind: "instance", name: "web-1", ownerId: "00000000-0000-4000-8000-000000000001" } as const;
    const missing = unknownObject("instance", "web-1");
    for (const object of [another, { ...another, ownerId: null }]) {
      expect(await refusal(requireAccess(owner, "instance.read", object))).toEqual({ code: missing.code, message: missing.message });
    }
  });

  test.each<[string, () => Promise<unknown>]>([
    ["nodes", () => listNodes(owner, {})],
    ["a node", () => getNode(owner, "node1")],
    ["the audit log", () => listAudit(owner, {})],
    ["users", () => listUsers(owner, {})],
  ])("doesn't read %s", async (_what, attempt) => {
    expect(await refusal(attempt())).toMatchObject({ code: "not_allowed" });
  });

  test("changes nothing of the cluster, its nodes and its users, and the attempt is in the audit log", async () => {
    const before = await getCluster(owner);
    expect(await refusal(modifyCluster(owner, { name: "taken" }))).toMatchObject({ code: "not_allowed" });
    expect(await refusal(addNode(owner, { name: "evil" }))).toMatchObject({ code: "not_allowed" });
    expect(await refusal(createUser(owner, { name: "evil", password: "evil evil evil", role: "administrator" }))).toMatchObject({ code: "not_allowed" });
    expect(await getCluster(admin)).toEqual(before);
    expect(await open.services.db.node.count()).toBe(0);
    expect(await open.services.db.user.count()).toBe(2);
    const { items } = await listAudit(admin, { limit: 3 });
    expect(items.map(({ actor, action, objectName, outcome }) => [actor, action, objectName, outcome])).toEqual([
      ["owner", "user.create", "evil", "refused"],
      ["owner", "node.add", "evil", "refused"],
      ["owner", "cluster.modify", null, "refused"],
    ]);
  });
});

describe("an administrator", () => {
  test("changes the cluster, one setting at a time, in bounds", async () => {
    const before = await getCluster(admin);
    const after = await modifyCluster(admin, { installTimeoutSeconds: null });
    expect(after).toMatchObject({ installTimeoutSeconds: null, name: before.name, serialNo: before.serialNo + 1 });
    expect(await modifyCluster(admin, { requireMetadataTokens: true })).toMatchObject({ requireMetadataTokens: true, installTimeoutSeconds: null });
    expect(await refusal(modifyCluster(admin, { installTimeoutSeconds: 5 }))).toMatchObject({ code: "invalid" });
    expect(await refusal(modifyCluster(admin, { applianceDigest: "0".repeat(64) }))).toMatchObject({ code: "unknown_object" });
  });

  test("reads long lists in pages that miss nothing and repeat nothing", async () => {
    for (let n = 0; n < 7; n++) await insertUser(open.services, { name: `user-${n}`, role: "owner" });
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listUsers(admin, { limit: 2, cursor });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toHaveLength(9);
  });

  test.each(["not a cursor", Buffer.from('{"id":1}').toString("base64url"), "x".repeat(5_000)])("is refused with a cursor that no list gave: %.20s", async (cursor) => {
    expect(await refusal(listUsers(admin, { cursor }))).toMatchObject({ code: "invalid" });
  });

  test.each([0, -1, 1.5, 201])("is refused a page of %s", async (limit) => {
    expect(await refusal(listUsers(admin, { limit }))).toMatchObject({ code: "invalid" });
  });

  test("is told which field of a new account is wrong, and not what it held", async () => {
    const refused = await refusal(createUser(admin, { name: "short", password: "tiny-canary", role: "owner" }));
    expect(refused).toMatchObject({ code: "invalid" });
    expect(refused.message).toContain("password");
    expect(refused.message).not.toContain("tiny-canary");
    await createUser(admin, { name: "taken", password: "a password of length", role: "owner" });
    expect(await refusal(createUser(admin, { name: "taken", password: "a password of length", role: "owner" }))).toMatchObject({ code: "exists" });
  });
});
