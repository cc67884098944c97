import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Lease } from "./lease.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a lease", () => {
  test("runs out at its end, tells so once, and can't be renewed afterwards", () => {
    const onExpired = vi.fn();
    const lease = new Lease(2, onExpired);
    vi.advanceTimersByTime(1_999);
    expect(lease.isHeld).toBe(true);
    vi.advanceTimersByTime(1);
    expect(lease.isHeld).toBe(false);
    expect(lease.renew(60)).toBe(false);
    vi.advanceTimersByTime(120_000);
    expect(onExpired).toHaveBeenCalledTimes(1);
  });

  test("that is renewed outlives what it was given first, and is never shortened", () => {
    const onExpired = vi.fn();
    const lease = new Lease(2, onExpired);
    expect(lease.renew(60)).toBe(true);
    expect(lease.renew(5)).toBe(true);
    vi.advanceTimersByTime(59_000);
    expect(lease.isHeld).toBe(true);
    expect(onExpired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(lease.isHeld).toBe(false);
  });

  test("that isn't needed any more tells nothing", () => {
    const onExpired = vi.fn();
    new Lease(2, onExpired).end();
    vi.advanceTimersByTime(10_000);
    expect(onExpired).not.toHaveBeenCalled();
  });
});
