import { describe, expect, it } from "vitest";
import { INSTALL_OPERATIONS } from "./install-plan.ts";
import { ACTIVE_STATES } from "./install-states.ts";
import { opcodeAt, stateLine } from "./job-progress.ts";

describe("the opcode that an install is in", () => {
  it("is the only one but for a reinstall, which stops, installs and starts", () => {
    for (const operation of INSTALL_OPERATIONS) {
      const at = ACTIVE_STATES.map((state) => opcodeAt(operation, state, operation === "reinstall" ? 3 : 1));
      expect(at, operation).toEqual(operation === "reinstall" ? [0, 0, 0, 0, 1, 1, 1, 2] : ACTIVE_STATES.map(() => 0));
    }
  });
});

describe("a job's line for a stage", () => {
  const scripts = { operation: "reinstall", osType: "debian+minimal", runs: [{ script: "create" }], medium: {} } as const;
  it.each([
    ["scripts", scripts, "* running the instance OS create scripts of debian+minimal..."],
    ["a medium", { ...scripts, osType: null, runs: [], medium: { boot_order: "cdrom" } }, "* booting the instance from its install medium..."],
    ["an export", { ...scripts, operation: "export", runs: [{ script: "export" }] }, "* running the instance OS export scripts of debian+minimal..."],
  ] as const)("says what installs: %s", (_, plan, line) => {
    expect(stateLine(plan, "installing")).toBe(line);
  });

  it("says of each operation what it prepares", () => {
    const lines = INSTALL_OPERATIONS.map((operation) => stateLine({ ...scripts, operation }, "preparing"));
    expect(lines).toEqual(["* creating instance disks...", "* preparing a new first disk...", "* creating instance disks...", "* copying the first disk...", "* preparing the export..."]);
  });

  it("is none before anything has begun", () => {
    expect([stateLine(scripts, "accepted"), stateLine(scripts, "queued")]).toEqual([null, null]);
  });
});
