import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { secretValue } from "#lib/domain/visibility.ts";
import { createSecretVault } from "./vault.ts";

const values = () => new Map([["root_password", secretValue("correct horse")]]);

describe("the vault", () => {
  test("gives a job's values as often as they are asked for, until they are dropped", () => {
    const vault = createSecretVault();
    vault.put(7, values());
    expect(vault.get(7)?.get("root_password")?.open()).toBe("correct horse");
    expect(vault.get(7)).not.toBeNull();
    vault.drop(7);
    expect(vault.get(7)).toBeNull();
    expect(vault.jobIds()).toEqual([]);
  });

  test("keeps a copy: what happens to the map that was given changes nothing", () => {
    const vault = createSecretVault();
    const given = values();
    vault.put(7, given);
    given.clear();
    expect(vault.get(7)?.size).toBe(1);
  });

  test("shows nothing when it is printed or serialised", () => {
    const vault = createSecretVault();
    vault.put(7, values());
    expect(inspect(vault, { depth: null, showHidden: true }) + JSON.stringify({ vault, of: [...(vault.get(7) ?? [])] })).not.toContain("correct horse");
  });
});
