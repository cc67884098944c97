import { describe, expect, test } from "vitest";
import type { Audience, Identity, Operation } from "./access.ts";
import { decide, definitionAudience, OPERATIONS, reach } from "./access.ts";

const ME = "00000000-0000-4000-8000-000000000001";
const ANOTHER = "00000000-0000-4000-8000-000000000002";
const owner: Identity = { kind: "user", userId: ME, name: "me", role: "owner" };
const administrator: Identity = { kind: "user", userId: ANOTHER, name: "root", role: "administrator" };
const system: Identity = { kind: "system", name: "set-up" };

/** What an ordinary user may do with an OS definition: one row an operation, one column for whose it is. */
const DEFINITIONS: readonly (readonly [Operation, ...("allowed" | "not_allowed" | "unknown")[]])[] = [
  // operation      the cluster's own  mine         shared with me  somebody else's
  ["os.read", "allowed", "allowed", "allowed", "unknown"],
  ["os.list", "allowed", "allowed", "allowed", "unknown"],
  ["os.upload", "not_allowed", "allowed", "not_allowed", "unknown"],
  ["os.modify", "not_allowed", "allowed", "not_allowed", "unknown"],
  ["os.delete", "not_allowed", "allowed", "not_allowed", "unknown"],
  // Nobody but administrators, whatever it is about: the answer says nothing of whether it is there.
  ["os.register", "not_allowed", "not_allowed", "not_allowed", "not_allowed"],
  ["os.trust", "not_allowed", "not_allowed", "not_allowed", "not_allowed"],
  ["os.blacklist", "not_allowed", "not_allowed", "not_allowed", "not_allowed"],
];

const OBJECTS: readonly { readonly whose: string; readonly ownerId: string | null; readonly audience: Audience }[] = [
  { whose: "the cluster's own", ownerId: null, audience: definitionAudience(null, []) },
  { whose: "mine", ownerId: ME, audience: definitionAudience(ME, [ANOTHER]) },
  { whose: "shared with me", ownerId: ANOTHER, audience: definitionAudience(ANOTHER, [ME]) },
  { whose: "somebody else's", ownerId: ANOTHER, audience: definitionAudience(ANOTHER, []) },
];

describe("an OS definition", () => {
  test("has a row for each of its operations", () => {
    expect(DEFINITIONS.map(([operation]) => operation).sort()).toEqual(OPERATIONS.filter((operation) => operation.startsWith("os.")).sort());
  });

  test.each(DEFINITIONS.flatMap(([operation, ...decisions]) => OBJECTS.map((object, column) => [operation, object.whose, object, decisions[column]] as const)))(
    "%s of one that is %s, by an ordinary user",
    (operation, _whose, { ownerId, audience }, decision) => {
      expect(decide(owner, operation, ownerId, audience)).toBe(decision);
    },
  );

  test("is open to administrators and to the program itself, whoever has it", () => {
    for (const [operation] of DEFINITIONS) {
      for (const identity of [administrator, system]) {
        for (const { ownerId, audience } of OBJECTS) expect(decide(identity, operation, ownerId, audience)).toBe("allowed");
      }
    }
  });
});

describe("what an audience says", () => {
  test("never widens what a role can't do at all, and never narrows what an owner may", () => {
    for (const operation of OPERATIONS) {
      for (const audience of ["everybody", [ME], []] satisfies Audience[]) {
        if (reach(owner, operation) === "none") expect(decide(owner, operation, ME, audience)).toBe("not_allowed");
        else expect(decide(owner, operation, ME, audience)).toBe("allowed");
      }
    }
  });

  test("is nobody unless it is given: another's instance isn't there", () => {
    expect(decide(owner, "instance.read", ANOTHER)).toBe("unknown");
    expect(decide(owner, "instance.reinstall", null)).toBe("unknown");
  });
});
