import { describe, expect, it } from "vitest";
import { furtherAlong } from "./live-install.ts";
import type { Glance } from "./live-install.ts";

const at = (state: Glance["state"], percent: number | null, id = "a"): Glance => ({ id, state, percent, step: null });

describe("two glances at an install", () => {
  it("agree on the one with more done", () => {
    expect(furtherAlong(at("installing", 40), at("installing", 30)).percent).toBe(40);
    expect(furtherAlong(at("installing", null), at("installing", 0)).percent).toBe(0);
    expect(furtherAlong(at("verifying", 10), at("installing", 90)).state).toBe("verifying");
  });

  it("agree that it is over when one says so", () => expect(furtherAlong(at("failed", 40), at("installing", 60)).state).toBe("failed"));

  it("are not compared when the install is another", () => expect(furtherAlong(at("done", 100, "a"), at("queued", null, "b")).id).toBe("b"));
});
