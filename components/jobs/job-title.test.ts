import { describe, expect, it } from "vitest";
import { jobTitle } from "./job-title.ts";

describe("the title of a job", () => {
  it("is its opcode", () => expect(jobTitle(["INSTANCE_SHUTDOWN(web-3)"])).toBe("INSTANCE_SHUTDOWN(web-3)"));

  it("is the install among several", () => {
    expect(jobTitle(["INSTANCE_SHUTDOWN(web-3)", "INSTANCE_REINSTALL(web-3)", "INSTANCE_STARTUP(web-3)"])).toBe("INSTANCE_REINSTALL(web-3) and 2 more");
  });
});
