import { api } from "#components/paths.ts";
import type { FeedEvent, FeedPayload } from "#lib/domain/feed.ts";

/**
 * One stream of events a browser, shared by its tabs: the tab that holds the lock reads it and tells the others over a
 * channel; when that tab goes, the lock passes on, and the next one goes on after the last event that it saw.
 */

export type Connection = "connecting" | "open" | "lost";
/** `resync`: events may have been missed, so that what is shown must be read again. */
export type LiveListener = (event: FeedEvent | "resync") => void;

type Message =
  | { readonly kind: "event"; readonly event: FeedEvent }
  | { readonly kind: "connection"; readonly connection: Connection }
  | { readonly kind: "hello" };

const NAME = "slipway-live";
/** Events that are kept for what appears a moment after it was made on the server. */
const KEPT = 256;
/** The stream names its events by their type; a record, so that none is forgotten. */
const TYPES: Readonly<Record<FeedPayload["type"], true>> = {
  "instance.changed": true,
  "instance.deleted": true,
  "job.changed": true,
  "install.progress": true,
  "instance.lines": true,
  "node.changed": true,
  "network.changed": true,
  "os.changed": true,
  "cluster.changed": true,
  "feed.reset": true,
};
/** Milliseconds without a connection after which it is said: the controller ends streams now and then, to ask who is there. */
const PATIENCE = 4000;
/** Milliseconds before the stream is opened again when the browser has given it up. */
const REOPEN = { first: 1000, most: 30_000 } as const;

export class LiveFeed {
  readonly #listeners = new Set<LiveListener>();
  readonly #connectionListeners = new Set<() => void>();
  #recent: FeedEvent[] = [];
  #lastId: string | null = null;
  #connection: Connection = "connecting";
  #channel: BroadcastChannel | null = null;
  #leading = false;

  get connection(): Connection {
    return this.#connection;
  }

  /** Joins the other tabs. Returns how to leave. */
  start(): () => void {
    const stop = new AbortController();
    const channel = new BroadcastChannel(NAME);
    this.#channel = channel;
    channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    channel.postMessage({ kind: "hello" } satisfies Message);
    // Held until this tab leaves; rejected with an abort where it leaves while it still waits.
    navigator.locks.request(NAME, { signal: stop.signal }, () => this.#lead(stop.signal)).catch(() => undefined);
    return () => {
      stop.abort();
      channel.close();
      this.#channel = null;
    };
  }

  /** Calls back for what happens from now on, and for what happened since `since` (milliseconds since the epoch). */
  listen(listener: LiveListener, since: number): () => void {
    this.#listeners.add(listener);
    for (const event of this.#recent) if (Date.parse(event.at) >= since) listener(event);
    return () => this.#listeners.delete(listener);
  }

  onConnection(listener: () => void): () => void {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  }

  #hear(message: Message): void {
    switch (message.kind) {
      case "event":
        return this.#take(message.event);
      case "connection":
        return this.#setConnection(message.connection);
      case "hello":
        if (this.#leading) this.#tell({ kind: "connection", connection: this.#connection });
    }
  }

  #lead(signal: AbortSignal): Promise<void> {
    this.#leading = true;
    return new Promise((left) => {
      let source: EventSource;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let patience: ReturnType<typeof setTimeout> | undefined;
      let wait: number = REOPEN.first;
      const open = (): void => {
        source = new EventSource(api.events(this.#lastId));
        source.onopen = () => {
          wait = REOPEN.first;
          clearTimeout(patience);
          patience = undefined;
          this.#setConnection("open");
        };
        const hear = ({ data }: MessageEvent<string>): void => {
          // The stream is this program's own, and its events have the type that it declares.
          const event = JSON.parse(data) as FeedEvent;
          this.#tell({ kind: "event", event });
          this.#take(event);
        };
        for (const type of Object.keys(TYPES)) source.addEventListener(type, hear);
        source.onerror = () => {
          patience ??= setTimeout(() => this.#setConnection("lost"), PATIENCE);
          // By itself the browser tries again after a broken connection, but not after an answer that is no stream.
          if (source.readyState !== EventSource.CLOSED) return;
          timer = setTimeout(open, wait);
          wait = Math.min(wait * 2, REOPEN.most);
        };
      };
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        clearTimeout(patience);
        source.close();
        this.#leading = false;
        left();
      });
      open();
    });
  }

  #take(event: FeedEvent): void {
    if (event.payload.type === "feed.reset") {
      this.#lastId = event.id;
      return this.#resync();
    }
    // After a change of the leading tab the same event can come twice.
    if (this.#lastId !== null && BigInt(event.id) <= BigInt(this.#lastId)) return;
    this.#lastId = event.id;
    this.#recent = [...this.#recent.slice(1 - KEPT), event];
    for (const listener of this.#listeners) listener(event);
  }

  #setConnection(connection: Connection): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    if (this.#leading) this.#tell({ kind: "connection", connection });
    for (const listener of this.#connectionListeners) listener();
    // Between the making of the page and the opening of the stream, something may have happened.
    if (connection === "open") this.#resync();
  }

  #resync(): void {
    for (const listener of this.#listeners) listener("resync");
  }

  #tell(message: Message): void {
    this.#channel?.postMessage(message);
  }
}
