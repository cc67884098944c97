import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InstallEntryView } from "#lib/domain/views.ts";
import { append, CHUNK, EMPTY_LOG, endSeq, extend, firstSeq, hasEarlier, hasLater, prepend, replace, WINDOW } from "./log-window.ts";
import type { LogWindow } from "./log-window.ts";

function entries(from: number, to: number): readonly InstallEntryView[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => ({ seq: from + index, at: "2026-11-20T05:00:00.000Z", kind: "log", author: "guest", text: "", step: null, percent: null }) as const);
}

describe("the window on a log", () => {
  it("loses the oldest lines for someone who follows", () => {
    const log = append(replace(EMPTY_LOG, entries(1, WINDOW)), entries(WINDOW + 1, WINDOW + 10), true);
    expect([firstSeq(log), endSeq(log), hasEarlier(log), hasLater(log)]).toEqual([11, WINDOW + 10, true, false]);
  });

  it("stays where someone reads, and knows that there is more", () => {
    const log = append(replace(EMPTY_LOG, entries(1, WINDOW)), entries(WINDOW + 1, WINDOW + 10), false);
    expect([firstSeq(log), endSeq(log), log.lastSeq, hasLater(log)]).toEqual([1, WINDOW, WINDOW + 10, true]);
  });

  it("gives up its end for lines before its beginning", () => {
    const log = prepend(replace(EMPTY_LOG, entries(2001, 3000)), entries(1501, 2000));
    expect([firstSeq(log), endSeq(log), log.lastSeq]).toEqual([1501, 2500, 3000]);
  });

  it("has no room for lines that don't follow on", () => {
    const log = append(replace(EMPTY_LOG, entries(1, 5)), entries(9, 12), true);
    expect([endSeq(log), log.lastSeq, hasLater(log)]).toEqual([5, 12, true]);
  });

  it("takes no line twice", () => {
    expect(append(replace(EMPTY_LOG, entries(1, 5)), entries(3, 7), true).entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("has no gaps and never more than its lines, whatever is done with it", () => {
    const step = fc.record({ kind: fc.constantFrom("append", "prepend", "extend", "end"), size: fc.integer({ min: 0, max: CHUNK }), following: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.array(step, { maxLength: 20 }), (start, steps) => {
        let log: LogWindow = replace(EMPTY_LOG, entries(start, start + 99));
        for (const { kind, size, following } of steps) {
          if (kind === "append") log = append(log, entries(endSeq(log) + 1, endSeq(log) + size), following);
          else if (kind === "prepend") log = prepend(log, entries(Math.max(1, firstSeq(log) - size), firstSeq(log) - 1));
          else if (kind === "extend") log = extend(log, log.lastSeq + size);
          else log = replace(log, entries(Math.max(1, log.lastSeq - size), log.lastSeq));
          const seqs = log.entries.map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
          expect(seqs.length).toBeLessThanOrEqual(WINDOW);
          expect(log.lastSeq).toBeGreaterThanOrEqual(endSeq(log));
        }
      }),
    );
  });
});
