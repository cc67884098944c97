import { describe, expect, it } from "vitest";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import type { DefaultsView, DefaultView } from "#lib/domain/os-definition-views.ts";
import { classOf, clusterRows, defaultRows } from "./default-rows.ts";

const by = { updatedBy: "root", updatedAt: "2026-11-20T08:00:00.000Z" };
const declare = (name: string, visibility: ParameterDeclaration["visibility"], value: string | null = null): ParameterDeclaration => ({ name, visibility, type: "string", required: false, default: value, pattern: null, choices: [], help: "" });
const open = (name: string, value: string, from: DefaultsView["from"]): DefaultView => ({ name, visibility: "public", value, from, ...by });
const closed = (name: string, fingerprint: string, from: DefaultsView["from"]): DefaultView => ({ name, visibility: "private", isSet: true, fingerprint, from, ...by });

const cluster: DefaultsView = { from: "cluster", variant: null, parameters: [open("suffix", "cluster.test", "cluster"), closed("token", "k1:aaaa", "cluster")] };
const facts = {
  declarations: [declare("suffix", "public", "declared.test"), declare("token", "private"), declare("root", "secret"), declare("size", "public", "small")],
  defaults: [
    { from: "definition", variant: null, parameters: [open("suffix", "own.test", "definition")] },
    { from: "variant", variant: "lab", parameters: [open("gone", "x", "variant")] },
  ] satisfies DefaultsView[],
  cluster,
  isClustersOwn: true,
};
const otherwise = (rows: ReturnType<typeof defaultRows>) => Object.fromEntries(rows.map((row) => [row.name, row.otherwise === null ? null : `${row.otherwise.from} ${row.otherwise.value ?? row.otherwise.fingerprint}`]));

describe("the defaults of one place", () => {
  it("stand beside what counts without them, the nearest place first", () => {
    expect(otherwise(defaultRows(facts, null))).toEqual({ suffix: "cluster cluster.test", token: "cluster k1:aaaa", root: null, size: "declared small" });
    expect(otherwise(defaultRows(facts, "lab"))).toEqual({ suffix: "definition own.test", token: "cluster k1:aaaa", root: null, size: "declared small", gone: null });
  });

  it("are not filled with the cluster's private ones in a user's definition", () => {
    expect(otherwise(defaultRows({ ...facts, isClustersOwn: false }, null))["token"]).toBeNull();
  });

  it("are shown too where they are no longer declared, so that they can be removed", () => {
    expect(defaultRows(facts, "lab").filter(({ set }) => set !== null).map(({ name, declaration }) => [name, declaration])).toEqual([["gone", null]]);
    expect(clusterRows(cluster).map(({ name }) => name)).toEqual(["suffix", "token"]);
  });

  it("are set in the declared class, or the higher one that they have", () => {
    expect(classOf({ declaration: declare("a", "public"), set: null })).toBe("public");
    expect(classOf({ declaration: declare("a", "public"), set: closed("a", "k1:1", "definition") })).toBe("private");
    expect(classOf({ declaration: declare("a", "secret"), set: null })).toBe("secret");
  });
});
