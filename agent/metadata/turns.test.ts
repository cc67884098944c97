import { describe, expect, test } from "vitest";
import { Notices } from "./notices.ts";
import { Share, Turns, turnsOf } from "./turns.ts";

describe("turns", () => {
  test("are all a guest's that is alone", () => {
    const turns = new Turns();
    const share = new Share();
    for (let at = 0; at < 100_000; at += 1) expect(turns.take(share, at / 50)).toBe(0);
  });

  test("make a flood wait while another guest asks, and the other never", () => {
    const turns = new Turns();
    const [flood, quiet] = [new Share(), new Share()];
    let longest = 0;
    turns.take(quiet, 0);
    for (let at = 1; at <= 100; at += 1) {
      expect(turns.take(quiet, at)).toBe(0);
      // Sixteen connections, each of which asks again when it has its answer.
      for (let count = 0; count < 16; count += 1) longest = Math.max(longest, turns.take(flood, at));
    }
    expect(longest).toBeGreaterThan(100);
    expect(turns.take(flood, 2_000)).toBe(0);
  });

  test("count long work as many requests", () => {
    expect(turnsOf(4_096, 0)).toBe(1);
    expect(turnsOf(10, 1)).toBe(50);
  });
});

describe("notices", () => {
  test("tell each kind once in an hour", () => {
    const notices = new Notices();
    expect(notices.tell("malformed", 0)).toMatch(/can't be understood/);
    expect(notices.tell("malformed", 3_599_999)).toBeNull();
    expect(notices.tell("slow", 1)).not.toBeNull();
    expect(notices.tell("malformed", 3_600_000)).not.toBeNull();
  });
});
