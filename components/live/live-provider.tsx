"use client";

import { createContext, use, useEffect, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { LiveFeed } from "./live-feed.ts";
import type { Connection } from "./live-feed.ts";

const Feed = createContext<LiveFeed | null>(null);

/** Opens the browser's event stream for everything below. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [feed] = useState(() => new LiveFeed());
  useEffect(() => feed.start(), [feed]);
  return <Feed value={feed}>{children}</Feed>;
}

export function useLiveFeed(): LiveFeed {
  const feed = use(Feed);
  if (feed === null) throw new Error("no LiveProvider above");
  return feed;
}

/** Whether events arrive. */
export function useConnection(): Connection {
  const feed = useLiveFeed();
  return useSyncExternalStore(
    (listener) => feed.onConnection(listener),
    () => feed.connection,
    () => "connecting",
  );
}
