import { describe, expect, it } from "vitest";
import { allowedActions } from "./rights.ts";

const ada = { kind: "user", userId: "u1", name: "ada", role: "owner" } as const;
const root = { kind: "user", userId: "u2", name: "root", role: "administrator" } as const;

describe("what can be done with a definition", () => {
  it("is everything for an administrator", () => expect(allowedActions(root, "ada")).toEqual(["upload", "modify", "trust", "blacklist", "delete"]));
  it("is all but trust and the blacklist for its owner", () => expect(allowedActions(ada, "ada")).toEqual(["upload", "modify", "delete"]));
  it("is nothing for those it is shared with, and of the cluster's own", () => expect([allowedActions(ada, "bob"), allowedActions(ada, null)]).toEqual([[], []]));
});
