import pg from "pg";
import type { Secret } from "#lib/domain/visibility.ts";

/** Channels of NOTIFY, and what their payload is. */
export const CHANNELS = {
  /** The feed has new rows. No payload. */
  events: "slipway_event",
  /** A node wants a follower, or its address changed. Payload: its id. */
  nodes: "slipway_node",
  /** A user's password, role or session epoch changed. Payload: their id. */
  users: "slipway_user",
  /** A job wants the attention of the process that runs it (cancellation). Payload: its id. */
  jobs: "slipway_job",
  /** A data key was made, encrypted anew or removed. Payload: its id. */
  keys: "slipway_key",
} as const;
export type Channel = (typeof CHANNELS)[keyof typeof CHANNELS];

export interface NotificationListener {
  /** False while the connection is lost: what others say is not heard, and a cache that relies on it must not be used. */
  readonly connected: boolean;
  /** Calls back for each notification on a channel. Returns how to stop. */
  on(channel: Channel, handler: (payload: string) => void): () => void;
  /** Calls back after the connection was lost and is there again: what was sent meanwhile is unknown. */
  onReconnect(handler: () => void): () => void;
  close(): Promise<void>;
}

const RETRY_MILLISECONDS = [100, 500, 1_000, 2_000, 5_000] as const;

/**
 * Opens the one LISTEN connection of a process, and opens it again whenever it is lost. Resolves once it listens.
 *
 * A notification is a hint, never the news itself: whoever is called back reads the table.
 */
export async function openNotificationListener(url: Secret<string>, onError: (error: unknown) => void): Promise<NotificationListener> {
  const handlers = new Map<Channel, Set<(payload: string) => void>>();
  const reconnected = new Set<() => void>();
  let client: pg.Client | null = null;
  let closed = false;
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;

  function isChannel(name: string): name is Channel {
    return Object.values<string>(CHANNELS).includes(name);
  }

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: url.open(),
      application_name: "slipway-listen",
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    next.on("notification", ({ channel, payload }) => {
      if (isChannel(channel)) for (const handler of handlers.get(channel) ?? []) handler(payload ?? "");
    });
    let lost = false;
    const onLost = (error?: unknown): void => {
      if (lost) return;
      lost = true;
      if (client === next) client = null;
      next.end().catch(() => undefined); // it is gone already
      if (closed) return;
      onError(error ?? new Error("the connection that listens was closed"));
      reconnect();
    };
    try {
      await next.connect();
      for (const channel of Object.values(CHANNELS)) await next.query(`LISTEN ${channel}`);
    } catch (error) {
      next.end().catch(() => undefined); // never was there
      throw error;
    }
    next.on("error", onLost);
    next.on("end", onLost);
    client = next;
    attempt = 0;
  }

  function reconnect(): void {
    const wait = RETRY_MILLISECONDS[Math.min(attempt, RETRY_MILLISECONDS.length - 1)];
    attempt += 1;
    timer = setTimeout(() => {
      connect().then(
        () => {
          if (closed) void client?.end();
          else for (const handler of reconnected) handler();
        },
        (error: unknown) => {
          if (closed) return;
          onError(error);
          reconnect();
        },
      );
    }, wait);
  }

  await connect();
  return {
    get connected() {
      return client !== null;
    },
    on(channel, handler) {
      const set = handlers.get(channel) ?? new Set();
      handlers.set(channel, set.add(handler));
      return () => void set.delete(handler);
    },
    onReconnect(handler) {
      reconnected.add(handler);
      return () => void reconnected.delete(handler);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end();
    },
  };
}
