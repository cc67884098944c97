import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import type { ParameterSet } from "#lib/domain/parameters.ts";
import { getInstall } from "#lib/installs/get-install.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, openInstallCluster, registerTestDefinition } from "#lib/installs/testing.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { previewCreate } from "#lib/instances/preview-create.ts";
import { previewReinstall } from "#lib/instances/preview-reinstall.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { getClusterDefaults } from "./get-cluster-defaults.ts";
import { getDefinitionDefaults } from "./get-definition-defaults.ts";
import { clusterDefaultsInputSchema, definitionDefaultsInputSchema } from "./schemas.ts";
import { setClusterDefaults } from "./set-cluster-defaults.ts";
import { setDefinitionDefaults } from "./set-definition-defaults.ts";

let cluster: InstallCluster;
let owner: RequestContext & { readonly identity: { readonly kind: "user"; readonly userId: string } };
/** What the last order of each instance gave its guest. */
const given = new Map<string, ParameterSet>();

const PARAMETERS = [
  { name: "suffix", visibility: "public", default: ".declared", pattern: "[a-z.]*", help: "Letters and dots." },
  { name: "ldap_password", visibility: "private" },
  { name: "root_password", visibility: "secret" },
];

beforeAll(async () => {
  cluster = await openInstallCluster((options) =>
    startSimulatedAgent({
      ...options,
      behaviourOf: ({ instance, parameters }) => {
        given.set(instance.name, parameters);
        return { kind: "succeeds" };
      },
    }),
  );
  const identity = await insertUser(cluster.services, { name: "olga", role: "owner" });
  owner = { ...contextOf(cluster.services, identity), identity };
  await registerTestDefinition(cluster.test, "anos", { manifest: { parameters: PARAMETERS } });
  await registerTestDefinition(cluster.test, "olgaos", { manifest: { parameters: PARAMETERS } });
  await cluster.services.db.osDefinition.update({ where: { name: "olgaos" }, data: { ownerId: identity.userId } });
});
afterAll(() => cluster.close());
beforeEach(async () => {
  await cluster.services.db.parameterDefault.deleteMany({});
});

const forCluster = (input: object) => setClusterDefaults(cluster.admin, clusterDefaultsInputSchema.parse(input));
const forDefinition = (name: string, input: object, ctx: RequestContext = cluster.admin) => setDefinitionDefaults(ctx, name, definitionDefaultsInputSchema.parse(input));

/** What the guest of an instance was given, opened. */
function guestOf(name: string): Readonly<Record<string, readonly [string, string]>> {
  return Object.fromEntries([...(given.get(name) ?? [])].map(([parameter, { visibility, value }]) => [parameter, [visibility, typeof value === "string" ? value : value.open()]]));
}

let number = 0;
/** Creates an instance with nothing but what is said, and says what its guest got. */
async function install(osType: string, parameters: object = {}): Promise<{ readonly name: string; readonly guest: ReturnType<typeof guestOf> }> {
  number += 1;
  const name = `defaults-${number}.example.test`;
  expect(await create(cluster.admin, newInstance(name, { osType, parameters }))).toMatchObject({ status: "success" });
  return { name, guest: guestOf(name) };
}

describe("defaults", () => {
  it("are set, changed from class to class and removed by name, and nothing else is touched", async () => {
    await forCluster({ public: { suffix: ".one", dns: "192.0.2.1" }, private: { ldap_password: "canary-of-ldap" } });
    const after = await forCluster({ public: { suffix: null, ldap_password: null }, private: { dns: "hidden-from-now" } });
    expect(after.parameters).toMatchObject([{ name: "dns", visibility: "private", isSet: true, from: "cluster", updatedBy: "admin" }]);
    expect(Object.keys(after.parameters[0] ?? {}).toSorted()).toEqual(["fingerprint", "from", "isSet", "name", "updatedAt", "updatedBy", "visibility"]);
    expect(await getClusterDefaults(owner)).toEqual(after);
  });

  it("lie in the database only encrypted where they are private, and are in no answer, event or line of the audit log", async () => {
    await forCluster({ private: { ldap_password: "canary-of-ldap" } });
    await forDefinition("anos", { variant: "plain", private: { ldap_password: "canary-of-anos" } });
    const { db } = cluster.services;
    const tables = await db.$queryRaw<{ name: string }[]>`SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`;
    for (const { name } of tables) {
      const rows = await db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} AS t`);
      for (const canary of ["canary-of-ldap", "canary-of-anos"]) for (const form of [canary, Buffer.from(canary).toString("hex"), Buffer.from(canary).toString("base64")]) expect(rows.map(({ row }) => row).join("\n")).not.toContain(form);
    }
    expect(JSON.stringify([await getClusterDefaults(cluster.admin), await getDefinitionDefaults(cluster.admin, "anos"), await previewCreate(cluster.admin, { osType: "anos+plain" })])).not.toContain("canary-of");
    const audit = await db.auditEntry.findFirst({ where: { action: "os.modify" }, orderBy: { id: "desc" } });
    expect(audit).toMatchObject({ objectName: "anos", details: { variant: "plain", privateDefaults: ["ldap_password"], publicDefaults: [], removedDefaults: [] } });
    const events = await db.event.findMany({ orderBy: { id: "desc" }, take: 2 });
    expect(events.map(({ type }) => type)).toEqual(["os.changed", "cluster.changed"]);
  });

  it("of a definition are shown for it and for each of its variants", async () => {
    const { defaults } = await forDefinition("anos", { variant: "full", public: { suffix: ".full" } });
    expect(defaults.map(({ from, variant, parameters }) => [from, variant, parameters.length])).toEqual([["definition", null, 0], ["variant", "plain", 0], ["variant", "full", 1]]);
    expect(await getDefinitionDefaults(owner, "anos")).toEqual({ defaults });
  });

  it.each<[string, object, object]>([
    ["a name that isn't declared", { public: { nosuch: "x" } }, { code: "unknown_parameter", field: "osparams.nosuch" }],
    ["a class below the floor", { public: { ldap_password: "the-canary" } }, { code: "visibility_too_low", message: "OS parameter ldap_password must be sent as private." }],
    ["a secret parameter", { private: { root_password: "the-canary" } }, { code: "invalid", message: "OS parameter root_password is secret, and secret parameters have no default." }],
    ["a value against its pattern", { public: { suffix: "THE-CANARY" } }, { code: "invalid", message: "OS parameter suffix must match [a-z.]* (Letters and dots)." }],
    ["a variant that isn't there", { variant: "nosuch", public: { suffix: "x" } }, { code: "unknown_object", field: "variant" }],
    ["a name with a value in both classes", { public: { suffix: "x" }, private: { suffix: "y" } }, { code: "invalid", field: "osparams.suffix" }],
  ])("of a definition are refused for %s, and nothing of the request is kept", async (_, input, error) => {
    const attempt = forDefinition("anos", input);
    await expect(attempt).rejects.toMatchObject(error);
    await expect(attempt).rejects.not.toThrow(/the-canary/i);
    expect(await cluster.services.db.parameterDefault.count()).toBe(0);
  });

  it.each<[string, object, string]>([
    ["a mask", { private: { p: "********" } }, "is a mask"],
    ["a secret", { secret: { p: "the-canary" } }, "secret parameters have no default"],
    ["a value that is too long", { public: { p: "x".repeat(65_537) } }, "at most 65536 bytes"],
    ["too many names", { public: Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`p${index}`, "x"])) }, "at most 256 parameters"],
    ["a name that is none", { public: { "1p": "x" } }, "must begin with a letter"],
  ])("can't be %s", (_, input, message) => {
    const parsed = clusterDefaultsInputSchema.safeParse(input);
    expect(parsed.error?.message).toContain(message);
    expect(parsed.error?.message).not.toContain("the-canary");
  });

  it.each<[string, object, object]>([
    ["public where one of the cluster's own definitions wants it private", { public: { ldap_password: "the-canary" } }, { code: "visibility_too_low", field: "osparams.ldap_password", message: "OS parameter ldap_password must be sent as private: OS definition anos declares it so." }],
    ["for what one of them declares secret", { private: { root_password: "the-canary" } }, { code: "invalid", field: "osparams.root_password" }],
  ])("of the cluster aren't taken %s", async (_, input, error) => {
    const attempt = forCluster(input);
    await expect(attempt).rejects.toMatchObject(error);
    await expect(attempt).rejects.not.toThrow(/the-canary/);
    expect(await cluster.services.db.parameterDefault.count()).toBe(0);
  });

  it("of one place stay within what an install may be given", async () => {
    const many = (from: number, count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${from + index}`, "x"]));
    await forCluster({ public: many(0, 200) });
    await expect(forCluster({ public: many(200, 57) })).rejects.toMatchObject({ code: "too_large" });
    await expect(forCluster({ public: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`p${index}`, "x".repeat(65_536)])) })).rejects.toMatchObject({ code: "too_large" });
    expect(await cluster.services.db.parameterDefault.count()).toBe(200);
  });

  it("that many set at once are all there", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `at_once_${index}`);
    await Promise.all(names.flatMap((name) => [forCluster({ public: { [name]: "x", shared: name } }), forCluster({ private: { [`${name}_private`]: "some value" } })]));
    expect((await getClusterDefaults(cluster.admin)).parameters).toHaveLength(17);
  });

  it("are an administrator's for the cluster, and the owner's too for a definition of their own", async () => {
    await expect(setClusterDefaults(owner, clusterDefaultsInputSchema.parse({ public: { suffix: "x" } }))).rejects.toMatchObject({ code: "not_allowed" });
    await expect(forDefinition("anos", { public: { suffix: "x" } }, owner)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(forDefinition("nosuch", { public: { suffix: "x" } }, owner)).rejects.toMatchObject({ code: "unknown_object" });
    expect(await cluster.services.db.parameterDefault.count()).toBe(0);
    const { defaults } = await forDefinition("olgaos", { public: { suffix: ".olga" } }, owner);
    expect(defaults[0]?.parameters).toMatchObject([{ name: "suffix", updatedBy: "olga" }]);
    const stranger = contextOf(cluster.services, await insertUser(cluster.services, { name: "sven", role: "owner" }));
    await expect(getDefinitionDefaults(stranger, "olgaos")).rejects.toMatchObject({ code: "unknown_object", message: "There is no OS definition olgaos." });
    await expect(forDefinition("olgaos", { public: { suffix: "x" } }, stranger)).rejects.toMatchObject({ code: "unknown_object" });
  });
});

describe("an install", () => {
  it("gets the strongest of its defaults, each falling back to the next", async () => {
    await forCluster({ public: { suffix: ".cluster" }, private: { ldap_password: "cluster-wide" } });
    await forDefinition("anos", { public: { suffix: ".definition" } });
    await forDefinition("anos", { variant: "plain", public: { suffix: ".variant" } });
    expect((await install("anos+plain")).guest).toEqual({ suffix: ["public", ".variant"], ldap_password: ["private", "cluster-wide"] });
    expect((await install("anos+full")).guest).toMatchObject({ suffix: ["public", ".definition"] });
    expect((await install("anos+full", { public: { suffix: ".request" } })).guest).toMatchObject({ suffix: ["public", ".request"] });
    await forDefinition("anos", { public: { suffix: null } });
    expect((await install("anos+full")).guest).toMatchObject({ suffix: ["public", ".cluster"] });
    await forCluster({ public: { suffix: null } });
    expect((await install("anos+full")).guest).toMatchObject({ suffix: ["public", ".declared"] });
  });

  it("with somebody's own definition gets the cluster's public defaults, and never its private ones", async () => {
    await forCluster({ public: { suffix: ".cluster" }, private: { ldap_password: "for-the-cluster-alone" } });
    const { name, guest } = await install("olgaos+plain");
    expect(guest).toEqual({ suffix: ["public", ".cluster"] });
    expect((await getInstance(cluster.admin, name)).parameters.map((view) => view.name)).toEqual(["suffix"]);
    expect((await previewReinstall(cluster.admin, name, {})).parameters.find((prompt) => prompt.name === "ldap_password")).toMatchObject({ current: null });
    // Its owner's own default is another matter.
    await forDefinition("olgaos", { private: { ldap_password: "set-by-olga" } }, owner);
    expect((await install("olgaos+plain")).guest).toMatchObject({ ldap_password: ["private", "set-by-olga"] });
  });

  it("says what it ran with and where from, and keeps for the next only what was sent", async () => {
    await forCluster({ private: { ldap_password: "first-cluster-wide" }, public: { suffix: ".cluster" } });
    const bare = await getInstance(cluster.admin, (await install("anos+plain")).name);
    expect(await cluster.services.db.instanceParameter.count({ where: { instanceId: bare.id } })).toBe(0);
    const { name } = await install("anos+plain", { public: { suffix: ".own" } });
    const before = await getInstance(cluster.admin, name);
    expect(before.parameters.map(({ name: parameter, from }) => [parameter, from])).toEqual([["ldap_password", "cluster"], ["suffix", "instance"]]);
    const installed = await getInstall(cluster.admin, before.install?.id ?? "");
    expect(installed.parameters).toEqual([
      { name: "ldap_password", visibility: "private", from: "cluster", value: null, fingerprint: before.parameters[0]?.visibility === "private" ? before.parameters[0].fingerprint : "" },
      { name: "suffix", visibility: "public", from: "request", value: ".own", fingerprint: null },
    ]);
    expect(await cluster.services.db.instanceParameter.findMany({ where: { instanceId: before.id } })).toMatchObject([{ name: "suffix" }]);

    await forCluster({ private: { ldap_password: "second-cluster-wide" } });
    const { jobId } = await reinstallInstance(cluster.admin, name, reinstallInputSchema.parse({}));
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success" });
    expect(guestOf(name)).toEqual({ suffix: ["public", ".own"], ldap_password: ["private", "second-cluster-wide"] });
    const again = await getInstall(cluster.admin, (await getInstance(cluster.admin, name)).install?.id ?? "");
    expect(again.parameters[0]?.fingerprint).not.toEqual(installed.parameters[0]?.fingerprint);
  });

  it("shows the same fingerprint for the same default wherever it was used, and another for the same value of an instance's own", async () => {
    const view = await forCluster({ private: { ldap_password: "one-value-of-many" } });
    const inCluster = view.parameters[0]?.visibility === "private" ? view.parameters[0].fingerprint : null;
    const first = await getInstance(cluster.admin, (await install("anos+plain")).name);
    const second = await getInstance(cluster.admin, (await install("anos+full")).name);
    const own = await getInstance(cluster.admin, (await install("anos+plain", { private: { ldap_password: "one-value-of-many" } })).name);
    for (const instance of [first, second]) expect(instance.parameters[0]).toMatchObject({ fingerprint: inCluster, from: "cluster" });
    expect(own.parameters[0]).toMatchObject({ visibility: "private", from: "instance" });
    expect(own.parameters[0]).not.toMatchObject({ fingerprint: inCluster });
  });

  it("raises a default whose floor has risen, and asks for one that would have to be secret", async () => {
    await registerTestDefinition(cluster.test, "risingos", { manifest: { parameters: [{ name: "token", visibility: "public" }] } });
    await forDefinition("risingos", { public: { token: "a-token-of-old" } });
    const { name } = await install("risingos+plain");
    await registerTestDefinition(cluster.test, "risingos", { manifest: { parameters: [{ name: "token", visibility: "private" }] } });
    expect((await install("risingos+plain")).guest).toEqual({ token: ["private", "a-token-of-old"] });
    const shown = await getDefinitionDefaults(cluster.admin, "risingos");
    expect(JSON.stringify([shown, await getInstance(cluster.admin, name), await previewReinstall(cluster.admin, name, {})])).not.toContain("a-token-of-old");
    expect(shown.defaults[0]?.parameters[0]).toMatchObject({ visibility: "private", isSet: true });

    await registerTestDefinition(cluster.test, "risingos", { manifest: { parameters: [{ name: "token", visibility: "secret" }] } });
    expect((await previewReinstall(cluster.admin, name, {})).secretsToSend).toEqual(["token"]);
    await expect(reinstallInstance(cluster.admin, name, reinstallInputSchema.parse({}))).rejects.toMatchObject({ code: "missing_secret", names: ["token"] });
    expect((await getDefinitionDefaults(cluster.admin, "risingos")).defaults[0]?.parameters[0]).toMatchObject({ visibility: "secret", isKept: false });
    // What is there can be removed, and then nothing asks for it any more.
    await forDefinition("risingos", { public: { token: null } });
    expect((await previewReinstall(cluster.admin, name, {})).secretsToSend).toEqual([]);
  });

  it("is refused for a default that no longer fits, and told whose it is", async () => {
    await forCluster({ public: { suffix: "NOT-LETTERS" } });
    const attempt = createInstance(cluster.admin, newInstance("unfit.example.test", { osType: "anos+plain", parameters: {} }));
    await expect(attempt).rejects.toMatchObject({ code: "invalid", field: "osparams.suffix", message: "OS parameter suffix, a default of the cluster, must match [a-z.]* (Letters and dots)." });
  });

  it("is previewed with what no longer fits, beside a value that may be sent in its place", async () => {
    await forCluster({ public: { suffix: "NOT-LETTERS" } });
    const { checks } = await previewCreate(cluster.admin, { osType: "anos+plain" });
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([{ id: "parameters", text: expect.stringContaining("OS parameter suffix, a default of the cluster, must match") as unknown }]);
    expect(JSON.stringify(checks)).not.toContain("NOT-LETTERS");
    expect((await install("anos+plain", { public: { suffix: ".sent" } })).guest).toMatchObject({ suffix: ["public", ".sent"] });
  });

  it("is previewed with where each value comes from", async () => {
    await forCluster({ private: { ldap_password: "cluster-wide" } });
    await forDefinition("anos", { variant: "plain", public: { suffix: ".variant" } });
    const { parameters } = await previewCreate(cluster.admin, { osType: "anos+plain" });
    expect(parameters.map(({ name, visibility, current, mustSend }) => [name, visibility, current?.from ?? null, mustSend])).toEqual([
      ["suffix", "public", "variant", false],
      ["ldap_password", "private", "cluster", false],
      ["root_password", "secret", null, false],
    ]);
  });
});
