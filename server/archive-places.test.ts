import { describe, expect, test } from "vitest";
import { ARCHIVES_AT_ONCE, ArchivePlaces } from "./archive-places.ts";

function bench() {
  const places = new ArchivePlaces();
  const take = (account: string, isAdministrator = false) => places.take({ account, isAdministrator });
  const isRefused = (account: string, isAdministrator = false): boolean => {
    try {
      take(account, isAdministrator)();
      return false;
    } catch {
      return true;
    }
  };
  return { take, isRefused };
}

describe("places for archives", () => {
  test("can't be taken all by two accounts", () => {
    const { take, isRefused } = bench();
    for (const account of ["ada", "bob"]) {
      take(account);
      if (!isRefused(account)) take(account);
    }
    expect(isRefused("eve")).toBe(false);
    take("eve");
    expect(isRefused("carol")).toBe(false);
  });

  test("are for administrators when everybody else has as many as they may", () => {
    const { take, isRefused } = bench();
    for (let n = 0; n < ARCHIVES_AT_ONCE.process - ARCHIVES_AT_ONCE.administrators; n += 1) take(`user-${n}`);
    expect([isRefused("ada"), isRefused("admin", true)]).toEqual([true, false]);
    take("admin", true);
    expect(isRefused("admin-2", true)).toBe(true);
  });

  test("are free again once they are given back, and given back once", () => {
    const { take, isRefused } = bench();
    const leave = take("ada");
    take("ada");
    expect(isRefused("ada")).toBe(true);
    leave();
    leave();
    expect(isRefused("ada")).toBe(false);
    take("ada");
    expect(isRefused("ada")).toBe(true);
  });
});
