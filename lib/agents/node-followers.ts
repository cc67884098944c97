import type { Services } from "#lib/context/context.ts";
import { CHANNELS } from "#lib/db/listen.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { CLAIM_BATCH, claimNodes, followedNodes } from "./claim-nodes.ts";
import type { IngestEvents } from "./follow-node.ts";
import { followNode } from "./follow-node.ts";
import { refreshFacts } from "./record-node.ts";

export interface NodeFollowers {
  /** Ids of the nodes that this process follows now. */
  nodeIds(): readonly string[];
  close(): Promise<void>;
}

/** How often agents are asked for their facts: free memory and room on the disk. */
const FACTS_MILLISECONDS = 15_000;

interface Followed {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  /** What the connection is made from; another one means a new connection. */
  readonly made: string;
}

/**
 * The nodes that this controller follows. Nodes without a follower are claimed when the database says that there is one;
 * the heartbeat only refreshes facts and finds what a lost notification would have told.
 */
export function startNodeFollowers(services: Services, ingest: IngestEvents): NodeFollowers {
  const { db, controllerId, notifications, log } = services;
  const followed = new Map<string, Followed>();
  /** In an object, because they change while others are awaited. */
  const state = { closed: false, isBusy: false };
  const isClosed = (): boolean => state.closed;
  /** How often `reconcile` was asked for, and how often when it last began. */
  let asked = 0;
  let begun = 0;

  /** Makes what runs here equal to what the database says. */
  async function reconcile(): Promise<void> {
    let claimed;
    do claimed = await claimNodes(db, controllerId);
    while (claimed.length === CLAIM_BATCH);
    const wanted = await followedNodes(db, controllerId);
    for (const [nodeId, { made, stop, ended }] of followed) {
      if (wanted.get(nodeId) === made) continue;
      stop.abort();
      await ended;
      followed.delete(nodeId);
    }
    for (const [nodeId, made] of wanted) {
      if (state.closed || followed.has(nodeId)) continue;
      const stop = new AbortController();
      followed.set(nodeId, { stop, made, ended: followNode({ services, nodeId, ingest, signal: stop.signal }) });
    }
  }

  /** One at a time; what comes meanwhile is seen to by one more. */
  async function wake(): Promise<void> {
    asked += 1;
    if (state.isBusy || state.closed) return;
    state.isBusy = true;
    try {
      while (begun !== asked && !isClosed()) {
        begun = asked;
        await reconcile();
      }
    } catch (error) {
      log.error({ error }, "the nodes to follow can't be read");
    } finally {
      state.isBusy = false;
    }
  }

  async function askFacts(nodeId: string): Promise<void> {
    try {
      const client = await services.agents.client(nodeId);
      await refreshFacts(db, { nodeId, controllerId }, await client.facts());
    } catch (error) {
      // Its event stream finds out as well, and that is where its state is kept.
      if (!isSlipwayError(error)) log.error({ error, nodeId }, "a node's facts can't be recorded");
    }
  }

  async function beat(): Promise<void> {
    await Promise.all([wake(), ...[...followed.keys()].map(askFacts)]);
  }

  const stops = [notifications.on(CHANNELS.nodes, () => void wake()), notifications.onReconnect(() => void wake())];
  let beating: Promise<void> | null = null;
  const timer = setInterval(() => {
    // A beat that takes longer than the interval isn't joined by another.
    beating ??= beat().finally(() => {
      beating = null;
    });
  }, FACTS_MILLISECONDS);
  void wake();

  return {
    nodeIds: () => [...followed.keys()],
    async close() {
      state.closed = true;
      clearInterval(timer);
      for (const stop of stops) stop();
      for (const { stop } of followed.values()) stop.abort();
      await Promise.all([beating, ...[...followed.values()].map(({ ended }) => ended)]);
    },
  };
}
