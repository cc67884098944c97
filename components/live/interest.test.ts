import { describe, expect, it } from "vitest";
import { concerns } from "./interest.ts";

describe("what a page wants to hear of", () => {
  it("is of its kinds only", () => {
    expect(concerns({ types: ["node.changed"] }, { type: "node.changed", name: "node1" })).toBe(true);
    expect(concerns({ types: ["node.changed"] }, { type: "cluster.changed" })).toBe(false);
  });

  it("is about its own object", () => {
    const page = { types: ["instance.changed", "job.changed"], instance: "web-3" } as const;
    expect(concerns(page, { type: "instance.changed", name: "web-3" })).toBe(true);
    expect(concerns(page, { type: "instance.changed", name: "web-4" })).toBe(false);
    expect(concerns(page, { type: "job.changed", jobId: 7, status: "running", instanceName: "web-4" })).toBe(false);
    expect(concerns({ types: ["job.changed"], job: 7 }, { type: "job.changed", jobId: 7, status: "running", instanceName: null })).toBe(true);
  });
});
