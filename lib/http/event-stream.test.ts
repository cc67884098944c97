import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RequestContext } from "#lib/context/context.ts";
import type { FeedEvent } from "#lib/domain/feed.ts";
import { streamEvents } from "./event-stream.ts";

/** The stream looks at nothing of its context but the id and, when something goes wrong, the log. */
const warnings: unknown[] = [];
// As above: a whole context would need a database that nothing here asks.
const ctx = { requestId: "request-1", services: { log: { warn: (line: unknown) => warnings.push(line) } } } as unknown as RequestContext;

const event = (id: number): FeedEvent => ({ id: String(id), at: "2026-11-20T03:02:01.000Z", payload: { type: "instance.changed", name: "web-3\n" }, entries: null });

async function open(events: (signal: AbortSignal) => AsyncIterable<FeedEvent>, signal = new AbortController().signal) {
  const response = await streamEvents(ctx, { after: undefined, installId: undefined, signal }, (_, request) => Promise.resolve(events(request.signal)));
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error("no body");
  return { response, reader };
}

async function* untilAborted(signal: AbortSignal): AsyncGenerator<FeedEvent> {
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

describe("the event stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("says at once that it is there, and may be held back or kept by nobody", async () => {
    const { response, reader } = await open(untilAborted);
    expect((await reader.read()).value).toBe("retry: 1000\n\n");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    await reader.cancel();
  });

  test("has id, kind and the whole event, each on one line", async () => {
    const { reader } = await open(async function* () {
      yield await Promise.resolve(event(7));
    });
    await reader.read();
    expect((await reader.read()).value).toBe(`id: 7\nevent: instance.changed\ndata: ${JSON.stringify(event(7))}\n\n`);
    expect((await reader.read()).done).toBe(true);
  });

  test("says something every fifteen seconds, and loses no event over it", async () => {
    let happen: (() => void) | undefined;
    const happened = new Promise<void>((resolve) => {
      happen = resolve;
    });
    const { reader } = await open(async function* () {
      await happened;
      yield event(8);
    });
    await reader.read();
    for (let beats = 0; beats < 3; beats += 1) {
      const next = reader.read();
      await vi.advanceTimersByTimeAsync(15_000);
      expect((await next).value).toBe(": \n\n");
    }
    happen?.();
    expect((await reader.read()).value).toContain("id: 8\n");
  });

  test("asks for nothing that the client hasn't room for", async () => {
    let asked = 0;
    await open(async function* () {
      for (;;) {
        asked += 1;
        yield await Promise.resolve(event(asked));
      }
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toBeLessThanOrEqual(2);
  });

  test("lets go of its subscription when the client goes", async () => {
    let ended = false;
    const { reader } = await open(async function* (signal) {
      yield* untilAborted(signal);
      ended = true;
    });
    await reader.read();
    const waiting = reader.read();
    await vi.advanceTimersByTimeAsync(0);
    await reader.cancel();
    await waiting;
    await vi.advanceTimersByTimeAsync(0);
    expect(ended).toBe(true);
  });

  test("ends after a quarter of an hour, so that the account is looked at again", async () => {
    const { reader } = await open(untilAborted);
    await reader.read();
    let ended = false;
    void (async () => {
      while (!(await reader.read()).done);
      ended = true;
    })();
    await vi.advanceTimersByTimeAsync(15 * 60_000 + 15_000);
    expect(ended).toBe(true);
  });

  test("ends without a word to the client when the feed fails, and tells the log", async () => {
    const { reader } = await open(async function* () {
      yield await Promise.reject<FeedEvent>(new Error("the database is gone"));
    });
    await reader.read();
    expect((await reader.read()).done).toBe(true);
    expect(warnings).toHaveLength(1);
  });
});
