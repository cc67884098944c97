import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FeedEvent } from "#lib/domain/feed.ts";
import { LiveFeed } from "./live-feed.ts";

/** Stands in for the browser's stream; locks and channels are Node's own. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static readonly opened: Stream[] = [];
  readonly url: string;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(url: string) {
    super();
    this.url = url;
    Stream.opened.push(this);
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }

  say(event: FeedEvent): void {
    this.dispatchEvent(new MessageEvent(event.payload.type, { data: JSON.stringify(event) }));
  }
}

const event = (id: number, payload: FeedEvent["payload"] = { type: "instance.changed", name: `web-${id}` }): FeedEvent => ({ id: String(id), at: new Date(id).toISOString(), payload, entries: null });
const leave: (() => void)[] = [];

function tab(): { readonly feed: LiveFeed; readonly heard: string[]; readonly close: () => void } {
  const feed = new LiveFeed();
  const heard: string[] = [];
  feed.listen((heardEvent) => heard.push(heardEvent === "resync" ? "resync" : heardEvent.id), 0);
  const close = feed.start();
  leave.push(close);
  return { feed, heard, close };
}

async function opened(count: number): Promise<Stream> {
  await vi.waitFor(() => expect(Stream.opened).toHaveLength(count));
  const stream = Stream.opened[count - 1];
  if (stream === undefined) throw new Error("no stream");
  return stream;
}

beforeEach(() => {
  Stream.opened.length = 0;
  vi.stubGlobal("EventSource", Stream);
});
afterEach(() => {
  for (const close of leave.splice(0)) close();
  vi.unstubAllGlobals();
});

describe("the live feed", () => {
  it("is one stream for all tabs, and passes on to the next one where it was", async () => {
    const first = tab();
    const stream = await opened(1);
    const second = tab();
    stream.onopen?.();
    stream.say(event(7));
    await vi.waitFor(() => expect(second.heard).toContain("7"));
    expect(first.heard).toEqual(["resync", "7"]);
    expect(Stream.opened).toHaveLength(1);

    first.close();
    const next = await opened(2);
    expect(next.url).toBe("/api/v1/events?after=7");
    expect(stream.readyState).toBe(Stream.CLOSED);
    next.say(event(7));
    next.say(event(8));
    expect(second.heard.filter((id) => id !== "resync")).toEqual(["7", "8"]);
  });

  it("has for what appears later the events since it was made", async () => {
    const { feed } = tab();
    const stream = await opened(1);
    stream.say(event(100));
    stream.say(event(200));
    const heard: string[] = [];
    feed.listen((heardEvent) => heard.push(heardEvent === "resync" ? "resync" : heardEvent.id), 150);
    expect(heard).toEqual(["200"]);
  });

  it("has everything read again where events are gone", async () => {
    const { heard } = tab();
    const stream = await opened(1);
    stream.say(event(5));
    stream.say(event(90, { type: "feed.reset" }));
    stream.say(event(91));
    expect(heard).toEqual(["5", "resync", "91"]);
  });

  it("says that nothing arrives only when it has lasted", async () => {
    const { feed } = tab();
    const stream = await opened(1);
    stream.onopen?.();
    vi.useFakeTimers();
    try {
      stream.onerror?.();
      vi.advanceTimersByTime(3000);
      expect(feed.connection).toBe("open");
      vi.advanceTimersByTime(2000);
      expect(feed.connection).toBe("lost");
      stream.onopen?.();
      expect(feed.connection).toBe("open");
    } finally {
      vi.useRealTimers();
    }
  });
});
