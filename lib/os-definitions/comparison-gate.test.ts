import { describe, expect, test } from "vitest";
import { COMPARISON_LIMITS, ComparisonGate } from "./comparison-gate.ts";

/** Comparisons that end when they are told to. */
function bench() {
  const gate = new ComparisonGate();
  const running = new Map<string, () => void>();
  const ask = (account: string, id: string) =>
    gate.run(account, () =>
      new Promise<string>((resolve) => {
        running.set(id, () => {
          running.delete(id);
          resolve(id);
        });
      }),
    );
  return { ask, running: () => [...running.keys()], end: (id: string) => running.get(id)?.() };
}

describe("comparisons", () => {
  test("of one account are one at a time; one more waits, and others are refused", async () => {
    const { ask, running, end } = bench();
    const first = ask("ada", "a1");
    const second = ask("ada", "a2");
    await expect(ask("ada", "a3")).rejects.toMatchObject({ code: "too_many_requests" });
    await expect.poll(running).toEqual(["a1"]);
    end("a1");
    await first;
    await expect.poll(running).toEqual(["a2"]);
    end("a2");
    expect(await second).toBe("a2");
  });

  test("of one account keep nobody else waiting, and the process has so many and no more", async () => {
    const { ask, running, end } = bench();
    const asked = [ask("ada", "a1"), ask("ada", "a2"), ask("bob", "b1"), ask("eve", "e1")];
    await expect.poll(running).toEqual(["a1", "b1"]);
    end("b1");
    await expect.poll(running).toEqual(["a1", "e1"]);
    end("e1");
    end("a1");
    await expect.poll(running).toEqual(["a2"]);
    end("a2");
    expect(await Promise.all(asked)).toEqual(["a1", "a2", "b1", "e1"]);
  });

  test("that fail give their turn back, and a full row is refused", async () => {
    const { ask, running, end } = bench();
    const gate = new ComparisonGate();
    await expect(gate.run("ada", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await gate.run("ada", () => Promise.resolve("done"))).toBe("done");
    const places = COMPARISON_LIMITS.running.process + COMPARISON_LIMITS.waiting.process;
    const asked = Array.from({ length: places }, (_, n) => ask(`user-${n}`, `c${n}`));
    await expect(ask("late", "late")).rejects.toMatchObject({ code: "too_many_requests" });
    for (let n = 0; n < places; n += 1) {
      await expect.poll(running).toContain(`c${n}`);
      end(`c${n}`);
    }
    await Promise.all(asked);
  });
});
