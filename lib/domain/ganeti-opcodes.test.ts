import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endOpcodes, prerequisiteKind, refusedResults, reinstallOpcodes, summarise } from "./ganeti-opcodes.ts";
import type { OpcodeStatus } from "./ganeti-opcodes.ts";
import { ERROR_CODES } from "./errors.ts";

const reason = { interface: "rapi", at: new Date(0) };

describe("a reinstall's job", () => {
  it("has shutdown, reinstall, and startup where the instance runs afterwards; values only of public parameters", () => {
    const sent = { public: { dhcp: "yes" }, private: ["root_password"], secret: ["token"] };
    const ops = reinstallOpcodes({ name: "web-3", instanceId: "u", osType: "debian+minimal", startup: true, sent }, reason);
    expect(summarise(ops)).toEqual(["INSTANCE_SHUTDOWN(web-3)", "INSTANCE_REINSTALL(web-3)", "INSTANCE_STARTUP(web-3)"]);
    expect(ops[1]).toMatchObject({ os_type: "debian+minimal", osparams: { dhcp: "yes" }, osparams_private: { root_password: null }, osparams_secret: { token: null } });
    expect(reinstallOpcodes({ name: "web-3", instanceId: "u", osType: null, startup: false, sent }, reason)).toHaveLength(2);
  });
});

describe("results", () => {
  it("of a refused job are as Ganeti has them", () => {
    expect(refusedResults(1, "invalid", "No guest OS or OS image specified")).toEqual([["OpPrereqError", ["No guest OS or OS image specified", "wrong_input"]]]);
    expect(ERROR_CODES.every((code) => /^[a-z_]+$/.test(prerequisiteKind(code)))).toBe(true);
  });

  it("keep what was done, put the error where it happened, and give every opcode an end", () => {
    const statuses = fc.integer({ min: 1, max: 3 }).chain((count) => fc.integer({ min: 0, max: count }).map((done) => Array.from({ length: count }, (_, index): OpcodeStatus => (index < done ? "success" : index === done ? "running" : "queued"))));
    fc.assert(
      fc.property(statuses, fc.constantFrom("error" as const, "canceled" as const), (before, status) => {
        const { status: after, result } = endOpcodes(before, status === "error" ? { status, message: "it broke" } : { status });
        const done = before.filter((one) => one === "success").length;
        expect(result).toHaveLength(before.length);
        expect(after.filter((one) => one === status).length).toBeGreaterThan(0);
        expect(after.every((one) => one === "success" || one === status)).toBe(true);
        if (status === "error" && done < before.length) expect(result[done]).toEqual(["OpExecError", ["it broke"]]);
      }),
    );
  });
});
