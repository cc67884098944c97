import { describe, expect, it } from "vitest";
import { addEarlier, addNewest, HELD, windowOf } from "./channel-window.ts";
import type { ChannelPart, ChannelWindow } from "./channel-window.ts";

/** Lines from `last` down to `first`, newest first; `next` where there are earlier ones. */
function part(first: number, last: number, next: string | null = null): ChannelPart {
  const items = Array.from({ length: last - first + 1 }, (_, index) => ({ id: String(last - index), at: "2026-11-20T05:00:00.000Z", kind: "log", author: "guest", text: "", step: null, percent: null }) as const);
  return { items, next };
}
const ids = ({ lines }: ChannelWindow): readonly number[] => lines.map(({ id }) => Number(id));

describe("the lines of a channel that a page holds", () => {
  it("stand oldest first, each once, however often the newest are read", () => {
    const held = addNewest(windowOf(part(5, 7, "5")), part(6, 9, "6"));
    expect(ids(held)).toEqual([5, 6, 7, 8, 9]);
    expect(held.earlier).toBe("5");
    expect(addNewest(held, part(8, 9, "8"))).toBe(held);
  });

  it("never have a gap: what is too old gives way", () => {
    const held = addNewest(windowOf(part(1, 3)), part(90, 99, "90"));
    expect(ids(held)).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    expect(held.earlier).toBe("90");
  });

  it("begin with the first ones there are", () => {
    expect(ids(addNewest(windowOf(part(1, 0)), part(1, 2)))).toEqual([1, 2]);
  });

  it("can be gone back in, to the first one", () => {
    const held = addEarlier(windowOf(part(5, 7, "5")), part(2, 4));
    expect(ids(held)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(held.earlier).toBeNull();
  });

  it("are never more than a cluster keeps", () => {
    const held = addNewest(windowOf(part(1, HELD)), part(HELD - 5, HELD + 10, String(HELD - 5)));
    expect(held.lines).toHaveLength(HELD);
    expect([held.earlier, held.lines.at(-1)?.id]).toEqual(["11", String(HELD + 10)]);
  });
});
