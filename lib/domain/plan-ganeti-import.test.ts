import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configJson, instanceJson, uuidOf } from "#lib/ganeti-import/testing-config.ts";
import { parseGanetiConfig } from "./ganeti-config.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ExistingObjects, ImportFolder, ImportPlan } from "./plan-ganeti-import.ts";
import { defaultKey, planImport } from "./plan-ganeti-import.ts";
import type { Visibility } from "./visibility.ts";

const NOTHING: ExistingObjects = { definitions: new Map(), nodes: new Set(), instances: new Set(), ids: new Set(), macs: new Set(), defaults: new Set() };
const declared = (name: string, visibility: Visibility): ParameterDeclaration => ({ name, visibility, type: "string", required: false, default: null, pattern: null, choices: [], help: "" });
const folder = (name: string, parameters: readonly ParameterDeclaration[] = [], apiVersions = [20]): ImportFolder => ({
  name,
  problem: null,
  lost: [],
  facts: { apiVersions, variants: ["default"], parameters, digest: `digest of ${name}` },
});
const DEBOOTSTRAP = folder("debootstrap");
const reasons = (plan: ImportPlan, lost: "all" | "part") => plan.cannot.filter((remark) => remark.lost === lost).map(({ name, reason }) => `${name ?? "-"}: ${reason}`);
const config = (instances: readonly Readonly<Record<string, unknown>>[], others: Readonly<Record<string, unknown>> = {}) => parseGanetiConfig(configJson(instances, others));

describe("a plan", () => {
  test("takes the first folder of a name, as Ganeti does", () => {
    const plan = planImport(config([]), [folder("a"), folder("a"), folder("b", [], [15])], NOTHING);
    expect(plan.bring.definitions.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(reasons(plan, "all")).toEqual(["a: Another folder before it has a definition of this name."]);
    expect(reasons(plan, "part")).toEqual(["b: It doesn't know version 20 of Ganeti's OS interface: nothing can be installed with it."]);
  });

  test("never gives an instance to a definition of a user who has the name", () => {
    const theirs = { owner: "ada", digest: "x", apiVersions: [20], variants: ["default"], parameters: [] };
    const plan = planImport(config([instanceJson(1)]), [DEBOOTSTRAP], { ...NOTHING, definitions: new Map([["debootstrap", theirs]]) });
    expect(plan.bring.instances).toEqual([]);
    expect(plan.bring.definitions).toEqual([]);
    expect(reasons(plan, "all")).toContain("debootstrap: A user has a definition of this name here.");
    // Whose it is, and what goes without a definition by that.
    expect(plan.cannot.find(({ subject }) => subject === "definition")?.detail).toBe("ada");
    expect(plan.cannot.map(({ subject, name }) => [subject, name])).toContainEqual(["instance", "instance1.example.test"]);
  });

  test("brings the first of two definitions whose names differ in upper and lower case alone, and none that is like one that is here", () => {
    const here = { owner: null, digest: "x", apiVersions: [20], variants: [], parameters: [] };
    const plan = planImport(config([]), [folder("Web"), folder("web"), folder("DB"), folder("other")], { ...NOTHING, definitions: new Map([["db", here]]) });
    expect(plan.bring.definitions.map(({ name }) => name)).toEqual(["Web", "other"]);
    const reason = "A definition has this name but for upper and lower case.";
    expect(plan.cannot.filter((remark) => remark.reason === reason).map(({ name, detail }) => [name, detail])).toEqual([["web", "Web"], ["DB", "db"]]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, Partial<ExistingObjects>, string]>([
    ["another hypervisor", { hypervisor: "xen-hvm" }, {}, "Its hypervisor is not KVM."],
    ["a node that isn't brought", { primary_node: uuidOf(77) }, {}, "Its node is not brought."],
    ["a definition that is nowhere", { os: "lost" }, {}, "Its OS definition is not here: give its folder with --os-directory and import again."],
    ["a MAC address that is taken", {}, { macs: new Set(["aa:00:00:00:00:01"]) }, "The MAC address of a NIC of it is another instance's."],
    ["an id that is taken", {}, { ids: new Set([uuidOf(1_000_001)]) }, "Its uuid is another object's here."],
  ])("leaves out an instance with %s", (_what, fields, existing, reason) => {
    const plan = planImport(config([instanceJson(1, fields)]), [DEBOOTSTRAP], { ...NOTHING, ...existing });
    expect(plan.bring.instances).toEqual([]);
    expect(reasons(plan, "all")).toEqual([`instance1.example.test: ${reason}`]);
  });

  test("brings the first of two with one name, and the first of two with one MAC address", () => {
    const same = instanceJson(2, { name: "instance1.example.test" });
    const mac = instanceJson(3, { nics: instanceJson(1)["nics"] });
    const plan = planImport(config([instanceJson(1), same, mac]), [DEBOOTSTRAP], NOTHING);
    expect(plan.bring.instances.map(({ id }) => id)).toEqual([uuidOf(1_000_001)]);
    expect(reasons(plan, "all")).toEqual(["instance1.example.test: Another instance before it has this name.", "instance3.example.test: The MAC address of a NIC of it is another instance's."]);
  });

  test("raises values to the class that the definition asks for, and drops those that it calls secret", () => {
    const folders = [folder("debootstrap", [declared("filesystem", "private"), declared("root_password", "secret")])];
    const cluster = { cluster_name: "c", beparams: { default: { vcpus: 1 } }, osparams: { debootstrap: { filesystem: "in-plain" } }, osparams_private_cluster: { debootstrap: { root_password: "in-private" } } };
    const plan = planImport(config([instanceJson(1)], { cluster }), folders, NOTHING);
    expect(plan.bring.instances[0]?.parameters.map(({ name, visibility }) => `${name} ${visibility}`)).toEqual(["root_password secret", "filesystem private"]);
    expect(plan.bring.defaults.map(({ parameter }) => `${parameter.name} ${parameter.visibility}`)).toEqual(["filesystem private"]);
    expect(JSON.stringify(plan)).not.toMatch(/in-plain|in-private|private-of/);
    expect(plan.askedFor).toEqual([{ definition: "debootstrap", names: ["root_password"] }]);
    expect(plan.cannot.filter(({ detail }) => detail === "root_password").map(({ subject }) => subject).toSorted()).toEqual(["default", "instance"]);
  });
});

describe("every plan", () => {
  const oneInstance = fc.record({
    number: fc.integer({ min: 1, max: 12 }),
    fields: fc.record(
      {
        name: fc.constantFrom("a.example.test", "b.example.test", "BAD", ""),
        os: fc.constantFrom("debootstrap", "debootstrap+default", "debootstrap+other", "lost", "", "a b"),
        hypervisor: fc.constantFrom("kvm", "xen-pvm"),
        primary_node: fc.constantFrom(uuidOf(1), uuidOf(2), uuidOf(3), "x"),
        disks: fc.constantFrom([], [{ size: 5, dev_type: "plain" }], [uuidOf(9)], "x"),
      },
      { requiredKeys: [] },
    ),
  });
  const nodes = {
    [uuidOf(1)]: { name: "node1.example.test" },
    [uuidOf(2)]: { name: "node2.example.test", vm_capable: false },
    [uuidOf(3)]: { name: "node1.example.test" },
    [uuidOf(4)]: { name: "NODE" },
  };
  const cluster = { cluster_name: "c", beparams: { default: { vcpus: 1 } }, osparams: { debootstrap: { a: "1" }, "debootstrap+default": { a: "2" }, lost: { a: "3" } } };

  test("has each object of the file in exactly one place, and is empty once it is applied", () => {
    fc.assert(
      fc.property(fc.uniqueArray(oneInstance, { selector: ({ number }) => number }), fc.boolean(), (instances, withFolder) => {
        const json = configJson(instances.map(({ number, fields }) => instanceJson(number, fields)), { nodes, cluster });
        const folders = withFolder ? [DEBOOTSTRAP] : [];
        const plan = planImport(parseGanetiConfig(json), folders, NOTHING);
        const gone = (list: ImportPlan["cannot"], subject: string): number => list.filter((remark) => remark.subject === subject && remark.lost === "all").length;
        expect(plan.bring.instances.length + plan.skip.length + new Set(plan.cannot.filter(({ subject, lost }) => subject === "instance" && lost === "all").map(({ path }) => path.split(".").slice(0, 2).join("."))).size).toBe(instances.length);
        expect(plan.bring.nodes.length + gone(plan.cannot, "node")).toBe(4);
        expect(plan.bring.defaults.length + gone(plan.cannot, "default")).toBe(3);

        const after = planImport(parseGanetiConfig(json), folders, applied(plan, folders));
        expect(Object.values(after.bring).map((list) => list.length)).toEqual([0, 0, 0, 0]);
        expect(gone(after.skip, "instance")).toBe(plan.bring.instances.length);
        // What couldn't come still can't, for whatever reason is the first now.
        expect(gone(after.cannot, "node")).toBe(gone(plan.cannot, "node"));
      }),
    );
  });
});

/** What is there after a plan has been carried out where nothing was. */
function applied(plan: ImportPlan, folders: readonly ImportFolder[]): ExistingObjects {
  const { definitions, nodes, instances, defaults } = plan.bring;
  return {
    definitions: new Map(definitions.flatMap(({ name }) => folders.flatMap((found) => (found.name === name && found.facts !== null ? [[name, { ...found.facts, owner: null }] as const] : [])))),
    nodes: new Set(nodes.map(({ name }) => name)),
    instances: new Set(instances.map(({ name }) => name)),
    ids: new Set([...nodes, ...instances].map(({ id }) => id)),
    macs: new Set(instances.flatMap(({ nics }) => nics.map(({ mac }) => mac))),
    defaults: new Set(defaults.map(({ definition, variant, parameter }) => defaultKey(definition, variant, parameter.name))),
  };
}
