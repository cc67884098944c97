/**
 * Takes in what an agent says (design: architecture, "Live"): entries, states, power. One transaction a batch, the journal's
 * position in it, so that nothing is taken in twice and nothing is lost, whichever controller reads.
 */
import type { AgentEvent, InstallEntry } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import type { SaidStatus } from "./apply-status.ts";
import { applyStatuses } from "./apply-status.ts";
import { takeInHostKeys } from "./take-in-host-keys.ts";
import { takeInLines } from "./take-in-lines.ts";
import { lastPower, takeInPower } from "./take-in-power.ts";

/** Rows of one install's log: what the agent lets through of its guest. */
const ENTRIES = GUEST_LIMITS.lines + 1_000;
/** Up to this number its own notices come on top: they say what was left out, and are few. */
const NOTICES = 200_000;

export interface AgentJournal {
  readonly nodeId: string;
  /** Identity of the journal that the events are numbered in. */
  readonly journal: string;
}

/**
 * Takes in a batch of one node's events, in order. Events that are in the database already are passed over.
 *
 * @returns the number up to which the journal's events are in the database, to be acknowledged once this has returned.
 */
export async function ingestAgentEvents(services: Services, { nodeId, journal }: AgentJournal, events: readonly AgentEvent[]): Promise<number> {
  return services.db.$transaction(async (tx) => {
    const rows = await tx.$queryRaw<{ journal_id: string | null; journal_seq: bigint }[]>(Prisma.sql`
      SELECT journal_id, journal_seq FROM node WHERE id = ${nodeId}::uuid FOR NO KEY UPDATE`);
    const node = rows[0];
    if (node === undefined) return events.at(-1)?.seq ?? 0;
    const known = node.journal_id === journal ? Number(node.journal_seq) : 0;
    const fresh = events.filter((event) => event.seq > known);
    const last = fresh.at(-1)?.seq ?? known;
    if (fresh.length === 0 && node.journal_id === journal) return last;

    const changes: NewEvent[] = [];
    for (const [installId, said] of byInstall(fresh)) changes.push(...(await takeInInstall(tx, services, nodeId, installId, said)));
    for (const said of lastPower(fresh)) changes.push(...(await takeInPower(tx, { nodeId, journal }, said)));
    changes.push(...(await takeInLines(tx, nodeId, fresh)), ...(await takeInHostKeys(tx, nodeId, fresh)));
    await tx.node.update({ where: { id: nodeId }, data: { journalId: journal, journalSeq: BigInt(last) }, select: { id: true } });
    await appendEvents(tx, changes);
    return last;
  });
}

interface Said {
  readonly entries: InstallEntry[];
  /** Each state once, so that none is passed over, and the last word. */
  readonly statuses: SaidStatus[];
}

function byInstall(events: readonly AgentEvent[]): Map<string, Said> {
  const found = new Map<string, Said>();
  for (const event of events) {
    if (event.type !== "install.entries" && event.type !== "install.state") continue;
    const said = found.get(event.installId) ?? { entries: [], statuses: [] };
    found.set(event.installId, said);
    if (event.type === "install.entries") said.entries.push(...event.entries);
    const before = said.statuses.at(-1);
    const isSame = before?.state === event.status.state;
    if (isSame) said.statuses.pop();
    // A state began when it was first said.
    said.statuses.push({ ...event.status, saidAt: (isSame ? before.saidAt : undefined) ?? event.at });
  }
  return found;
}

async function takeInInstall(tx: Transaction, services: Services, nodeId: string, installId: string, said: Said): Promise<NewEvent[]> {
  // An agent speaks for its own installs only.
  const install = await tx.install.findFirst({ where: { id: installId, nodeId }, select: { jobId: true } });
  if (install === null) return [];
  const entries = said.entries.filter((entry) => entry.n <= (entry.kind === "notice" ? NOTICES : ENTRIES));
  if (entries.length > 0) {
    await tx.installEvent.createMany({
      data: entries.map(({ n, at, kind, author, text, step, percent }) => ({ installId, seq: n, at: new Date(at), kind, author, text, step, percent })),
      skipDuplicates: true,
    });
  }
  const numbers = entries.map((entry) => entry.n);
  const range = numbers.length === 0 ? null : { first: Math.min(...numbers), last: Math.max(...numbers) };
  return applyStatuses(tx, services.keyring, install.jobId, said.statuses, range);
}
