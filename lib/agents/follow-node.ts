import type { AgentClient, EventStreamItem } from "#lib/agent-protocol/client.ts";
import type { AgentEvent } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { inBatches } from "./in-batches.ts";
import { provideGuestData } from "./provide-guest-data.ts";
import { recordOnline, recordUnreachable } from "./record-node.ts";

/**
 * Takes a batch of one node's events into the database, each once, with the journal's position in the same transaction.
 * Returns the number up to which they are there: lib/installs/ingest-agent-events.ts.
 */
export type IngestEvents = (services: Services, from: { readonly nodeId: string; readonly journal: string }, events: readonly AgentEvent[]) => Promise<number>;

export interface FollowOptions {
  readonly services: Services;
  readonly nodeId: string;
  readonly ingest: IngestEvents;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** Events of one transaction. */
const BATCH = 500;
/** Milliseconds before the next try, by how many failed. */
const WAITS = [500, 1_000, 2_000, 5_000, 10_000, 15_000] as const;

/**
 * Reads the events of one node's agent for as long as this controller follows it, and keeps the node's state and facts
 * (design: architecture, "Live"). Never rejects; resolves once `signal` has fired.
 */
export async function followNode(options: FollowOptions): Promise<void> {
  const { services, nodeId, signal } = options;
  const node = { nodeId, controllerId: services.controllerId };
  const log = services.log.child({ nodeId });
  let failures = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    const connected = AbortSignal.any([signal, connection.signal]);
    let provided: Promise<void> | null = null;
    try {
      const client = await services.agents.client(nodeId);
      await recordOnline(services.db, node, await client.facts(signal));
      failures = 0;
      log.info("an agent answers, its events are read");
      provided = provideGuestData(services, nodeId, client, connected);
      await readEvents(options, client, connected);
    } catch (error) {
      if (!isStopped(signal)) await recordFailure(options, error);
    } finally {
      connection.abort();
      await provided;
    }
    if (!isStopped(signal)) await pause(WAITS[Math.min(failures, WAITS.length - 1)] ?? 0, signal);
    failures += 1;
  }

  async function recordFailure({ services: { db } }: FollowOptions, error: unknown): Promise<void> {
    // The first failure is worth a line; the state in the database says the rest.
    log[failures === 0 ? "warn" : "debug"]({ error }, "an agent's events can't be read");
    // Anything else is ours: the node is as it was.
    if (!isSlipwayError(error) || (error.code !== "node_unreachable" && error.code !== "node_refused")) return;
    try {
      await recordUnreachable(db, node, reasonOf(error));
    } catch (cause) {
      log.error({ error: cause }, "a node's state can't be recorded");
    }
  }
}

/** A function, because what the signal says changes while others are awaited. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function readEvents({ services, nodeId, ingest }: FollowOptions, client: AgentClient, signal: AbortSignal): Promise<void> {
  const from = await services.db.node.findUniqueOrThrow({ where: { id: nodeId }, select: { journalId: true, journalSeq: true } });
  const acknowledge = acknowledger(client, signal);
  let journal: string | null = null;
  const items = client.events({ journal: from.journalId, after: Number(from.journalSeq) }, signal);
  for await (const batch of inBatches(items, BATCH)) {
    const events: AgentEvent[] = [];
    for (const item of batch) {
      if (item.kind === "event") events.push(item.event);
      else {
        journal = item.head.journal;
        warnOfGap(services, nodeId, item, from);
      }
    }
    if (journal === null || events.length === 0) continue;
    acknowledge(journal, await ingest(services, { nodeId, journal }, events));
  }
}

function warnOfGap(services: Services, nodeId: string, { head }: EventStreamItem & { kind: "head" }, from: { readonly journalId: string | null; readonly journalSeq: bigint }): void {
  const isSame = head.journal === from.journalId;
  if (!isSame && from.journalId !== null) services.log.warn({ nodeId, journal: head.journal }, "an agent begins a new journal of events");
  if (isSame && head.firstSeq > Number(from.journalSeq) + 1) {
    services.log.error({ nodeId, after: Number(from.journalSeq), firstSeq: head.firstSeq }, "an agent no longer has events that were not read");
  }
}

/** Acknowledges the latest number, one call at a time. A lost call costs nothing: the next one says more. */
function acknowledger(client: AgentClient, signal: AbortSignal): (journal: string, seq: number) => void {
  let latest: { readonly journal: string; readonly seq: number } | null = null;
  let isBusy = false;
  async function send(): Promise<void> {
    isBusy = true;
    try {
      while (latest !== null && !signal.aborted) {
        const { journal, seq } = latest;
        latest = null;
        await client.acknowledge(journal, seq, signal);
      }
    } catch {
      // The stream tells of a broken connection; what isn't acknowledged is sent again and passed over.
    } finally {
      isBusy = false;
    }
  }
  return (journal, seq) => {
    latest = { journal, seq };
    if (!isBusy) void send();
  };
}

function reasonOf(error: Error): string {
  const codes: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") codes.push(cause.code);
  }
  return codes[0] === undefined ? error.message : `${error.message} (${codes[0]})`;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    // Spread out, so that the followers of many nodes don't come back in step.
    const timer = setTimeout(finish, milliseconds * (0.75 + Math.random() / 2));
    signal.addEventListener("abort", finish, { once: true });
  });
}
