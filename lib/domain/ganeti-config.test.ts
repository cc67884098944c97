import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "#lib/ganeti-import/testing-config.ts";
import { configJson, instanceJson, uuidOf } from "#lib/ganeti-import/testing-config.ts";
import type { GanetiConfig } from "./ganeti-config.ts";
import { parseGanetiConfig } from "./ganeti-config.ts";

/** As it comes out of a file: what JSON can't hold isn't in it. */
const parse = (json: unknown): GanetiConfig => parseGanetiConfig(JSON.parse(JSON.stringify(json)));
const parseOne = (fields: Json, others: Json = {}) => {
  const { instances, remarks } = parse(configJson([instanceJson(1, fields)], others));
  return { instance: instances[0] ?? null, refused: remarks.map(({ path, reason }) => `${path.replace(`instances.${uuidOf(1_000_001)}`, "it")}: ${reason}`) };
};

describe("a version", () => {
  test.each([[2_120_000], [2_140_003], [2_160_000], [3_000_000], [3_000_002]])("%i can be read", (version) => {
    expect(parse(configJson([], { version })).version).toMatch(/^[23]\.\d+$/);
  });

  test.each([
    [2_110_000, "2.11"],
    [1_020_000, "1.2"],
    [3_010_000, "3.1"],
    [4_000_000, "4.0"],
  ])("%i is refused by its name", (version, name) => {
    expect(() => parse(configJson([], { version }))).toThrow(`Ganeti ${name};`);
  });

  test.each([["3000000"], [-1], [1.5], [null], [1e300]])("%j is none", (version) => {
    expect(() => parse(configJson([], { version }))).toThrow("version is not a version number");
  });
});

describe("an instance", () => {
  test("has the cluster's defaults where it says nothing itself, and `memory` as the older versions wrote it", () => {
    expect(parseOne({ beparams: {} }).instance).toMatchObject({ vcpus: 1, memoryMib: 128 });
    expect(parseOne({ beparams: { memory: 256, vcpus: 4 } }).instance).toMatchObject({ vcpus: 4, memoryMib: 256 });
    expect(parseOne({ nics: [{ mac: "AA:00:00:00:00:01", nicparams: { link: "br7" } }] }).instance?.nics).toEqual([{ mac: "aa:00:00:00:00:01", ip: null, mode: "bridged", link: "br7", name: null }]);
  });

  test("has its disks by their ids as the newer versions write them, in its own order", () => {
    const disks = { [uuidOf(7)]: { size: 7, dev_type: "plain" }, [uuidOf(8)]: { size: 8, dev_type: "drbd" } };
    expect(parseOne({ disks: [uuidOf(8), uuidOf(7)] }, { disks }).instance?.disks).toEqual([{ sizeMib: 8, name: null }, { sizeMib: 7, name: null }]);
  });

  test.each<[string, Json, string]>([
    ["a disk that isn't there", { disks: [uuidOf(9)] }, "it.disks[0]: A disk of it is not in the file, or is there twice."],
    ["a disk by the name of what every object has", { disks: ["constructor"] }, "it.disks[0]: A disk of it is not in the file, or is there twice."],
    ["a disk without a size", { disks: [{ dev_type: "plain", size: "10G" }] }, "it.disks[0].size: A disk of it has no size between 1 and 67108864 MiB."],
    ["a disk that is too large", { disks: [{ dev_type: "plain", size: 1e300 }] }, "it.disks[0].size: A disk of it has no size between 1 and 67108864 MiB."],
    ["17 disks", { disks: Array.from({ length: 17 }, () => ({ dev_type: "plain", size: 1 })) }, "it.disks: Its disks are not a list, or are more than 16."],
    ["a NIC with an address of the communication mechanism", { nics: [{ mac: "02:5C:00:00:00:01" }] }, "it.nics[0].mac: A NIC of it has a MAC address that is kept for the communication mechanism."],
    ["a NIC without an address", { nics: [{ mac: "auto" }] }, "it.nics[0].mac: A NIC of it has no MAC address."],
    ["no memory", { beparams: { maxmem: null, memory: -5 } }, "it.beparams.maxmem: It has no memory between 32 and 16777216 MiB."],
    ["NICs that are no list", { nics: "none" }, "it.nics: Its NICs are not a list, or are more than 8."],
    ["no node", { primary_node: "node1" }, "it.primary_node: It has no node."],
    ["an OS of another alphabet", { os: "дебиан" }, "it.os: Its OS definition has a name that can't be used."],
    ["plans only", { forthcoming: true }, "it.forthcoming: It is only planned: nothing of it is there yet."],
  ])("with %s isn't brought, and the place is named", (_what, fields, expected) => {
    expect(parseOne(fields)).toEqual({ instance: null, refused: [expected] });
  });

  test("with a name of a megabyte, or one that steers a terminal, is named by its place", () => {
    for (const name of ["x".repeat(1_048_576), "\u001b[2Jweb1", "Web1"]) {
      const { instance, refused } = parseOne({ name });
      expect(instance).toBeNull();
      expect(refused).toEqual(["it: It has no name that an instance can have: a host name in lower case."]);
    }
  });

  test("under a key that is no uuid is named by its number, and under another's uuid isn't brought", () => {
    const { remarks } = parse({ ...configJson([]), instances: { ["k".repeat(5_000)]: instanceJson(1), ["\u0007"]: 5, [uuidOf(7)]: instanceJson(2) } });
    expect(remarks.map(({ path }) => path)).toEqual(["instances[0].uuid", "instances[1]", `instances.${uuidOf(7)}.uuid`]);
  });

  test("loses what can't be here and is brought without it", () => {
    const { instance } = parseOne({
      admin_state: "offline",
      hvparams: { kernel_args: "ro", ["<b>"]: 1 },
      tags: ["ok", "not ok", "ok"],
      nics: [{ mac: "aa:00:00:00:00:01", ip: "pool", nicparams: { mode: "openvswitch", vlan: ".5" }, network: uuidOf(4) }],
    });
    expect(instance).toMatchObject({ adminState: "stopped", tags: ["ok"], nics: [{ ip: null, mode: "bridged" }] });
    const lost = (instance?.remarks ?? []).map(({ path, detail }) => `${path.split(".").slice(2).join(".")} ${detail ?? ""}`.trim());
    expect(lost.toSorted()).toEqual(["admin_state", "disks plain", "hvparams kernel_args", "nics[0].ip NIC 0", "nics[0].network", "nics[0].nicparams.mode openvswitch", "nics[0].nicparams.vlan NIC 0", "tags"]);
  });
});

describe("parameters", () => {
  const secretOnes = { root_password: "hidden-and-safe" };

  test("are private objects from the moment of parsing", () => {
    const config = parse(configJson([instanceJson(1, { osparams_private: secretOnes })]));
    expect(JSON.stringify(config)).not.toContain("hidden-and-safe");
    expect(inspect(config, { depth: null })).not.toContain("hidden-and-safe");
    expect(config.instances[0]?.parameters.find(({ name }) => name === "root_password")).toMatchObject({ visibility: "private" });
  });

  test("are private where they are in both maps", () => {
    const { instance } = parseOne({ osparams: { root_password: "x" }, osparams_private: secretOnes });
    expect(instance?.parameters).toMatchObject([{ name: "root_password", visibility: "private" }]);
    expect(instance?.remarks.map(({ detail }) => detail)).toContain("root_password");
  });

  test("that can't be values are left out by name, and a name that can't be one isn't repeated", () => {
    const { instance } = parseOne({
      osparams: { fine: "yes", number: 7, half: 0.5, list: [], nothing: null, nul: "a\0b", surrogate: "\ud800", long: "x".repeat(65_537), "spaced name": "x", __proto__: null },
      osparams_private: { masked: "********" },
    });
    expect(instance?.parameters.map(({ name }) => name)).toEqual(["fine", "number"]);
    const lost = (instance?.remarks ?? []).filter(({ path }) => path.endsWith("osparams")).map(({ detail }) => detail);
    expect(lost).toEqual(["masked", "half", "list", "nothing", "nul", "surrogate", "long", null]);
  });

  test("named as what every object has are only data", () => {
    const json: unknown = JSON.parse(`{"__proto__": {"polluted": "yes"}, "constructor": "c", "toString": "t"}`);
    const { instances } = parseGanetiConfig({ ...configJson([]), instances: { [uuidOf(1_000_001)]: { ...instanceJson(1), osparams: json } } });
    expect(instances[0]?.parameters.filter(({ visibility }) => visibility === "public").map(({ name }) => name)).toEqual(["constructor", "toString"]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  test("of the cluster belong to a definition or one of its variants", () => {
    const { defaults } = parse(
      configJson([], {
        cluster: { cluster_name: "c", osparams: { debian: { a: "1" }, "debian+small": { a: "2" }, "no/name": { a: "3" } }, osparams_private_cluster: { debian: { b: "hidden-and-safe" } } },
      }),
    );
    expect(defaults.map(({ definition, variant, parameters }) => [definition, variant, parameters.map(({ name, visibility }) => `${name} ${visibility}`)])).toEqual([
      ["debian", null, ["b private", "a public"]],
      ["debian", "small", ["a public"]],
    ]);
  });
});

describe("a file that is something else", () => {
  test.each<[unknown, string]>([
    [[], "The configuration is not an object."],
    [{ version: 3_000_000 }, "cluster is missing"],
    [{ version: 3_000_000, cluster: { cluster_name: "\u001b[2J" } }, "cluster.cluster_name is not a host name"],
    [configJson([], { nodes: [] }), "nodes is not an object"],
    [configJson([], { cluster: { cluster_name: "c", osparams: "x" } }), "cluster.osparams is not an object"],
    [configJson([], { cluster: { cluster_name: "c", beparams: { default: 5 } } }), "cluster.beparams is not an object"],
  ])("is refused with the place: %#", (json, message) => {
    expect(() => parse(json)).toThrow(message);
  });

  test("whatever stands anywhere, no value is in what is said of it", () => {
    // With spaces it can't be the name of anything, and so has no reason to be anywhere.
    const canary = "a value that nobody may see";
    const anything = fc.oneof(fc.constant(canary), fc.constant([canary]), fc.constant({ [canary]: canary }), fc.integer(), fc.constant(null), fc.double(), fc.boolean(), fc.anything({ maxDepth: 2 }));
    const keys = ["name", "uuid", "primary_node", "os", "hypervisor", "hvparams", "beparams", "osparams", "osparams_private", "admin_state", "nics", "disks", "tags", "ctime"];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), anything), fc.dictionary(fc.constantFrom("nicparams", "osparams", "hidden_os", "beparams", "osparams_private_cluster"), anything), (fields, cluster) => {
        const { name: _name, osparams: _public, ...rest } = fields;
        let said: string;
        try {
          const { remarks, instances } = parseGanetiConfig({ ...configJson([instanceJson(1, { ...rest, osparams: {} })]), cluster: { cluster_name: "c", ...cluster } });
          said = JSON.stringify([remarks, instances.map((instance) => instance.remarks), instances.map(({ parameters }) => parameters)]);
        } catch (error) {
          said = error instanceof Error && "isSlipwayError" in error ? error.message : "a crash";
        }
        expect(said).not.toContain("a crash");
        expect(said).not.toContain(canary);
      }),
      { numRuns: 500 },
    );
  });
});
