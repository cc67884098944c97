import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AgentEvent, JournalHead } from "#lib/agent-protocol/messages.ts";
import { readIfPresent, syncFolder, writeDurably } from "../files.ts";
import { appendDurably, readSegments, removeSegments, segmentName, type StoredEvent } from "./segments.ts";

/** An event before the journal has numbered and dated it. */
export type NewEvent = AgentEvent extends infer E ? (E extends AgentEvent ? Omit<E, "seq" | "at"> : never) : never;

const SEGMENT_BYTES = 1_048_576;
/** Beyond this many unacknowledged bytes the journal asks its writers to hold back log lines. */
const FULL_BYTES = 32 * 1_048_576;

const stateSchema = z.strictObject({ journal: z.uuid(), acknowledged: z.number().int().min(0) });

interface OpenSegment {
  readonly name: string;
  readonly firstSeq: number;
  bytes: number;
}

/**
 * The agent's events, numbered from 1, kept on disk until a controller acknowledges them (design: "events go out numbered,
 * kept on the node's disk until they are acknowledged"). An event becomes readable once it is durable: a number that
 * anybody has seen never means another event. Emits `changed` when there is something new to read, `room` when a full
 * journal has been acknowledged.
 *
 * Without a folder it lives in memory only, for simulated nodes.
 */
export class Journal extends EventEmitter<{ changed: []; room: []; failed: [unknown] }> {
  readonly id: string;
  readonly #folder: string | null;
  #acknowledged: number;
  #nextSeq: number;
  #events: StoredEvent[];
  /** Bytes of `#events`. */
  #bytes = 0;
  #segments: OpenSegment[] = [];
  #pending: StoredEvent[] = [];
  #writing: Promise<void> | null = null;

  private constructor(folder: string | null, id: string, acknowledged: number, events: StoredEvent[], segments: OpenSegment[]) {
    super();
    // One listener for each event stream and each running install.
    this.setMaxListeners(0);
    this.#folder = folder;
    this.id = id;
    this.#acknowledged = acknowledged;
    this.#events = events;
    this.#nextSeq = Math.max(acknowledged, segments.at(-1)?.firstSeq ?? 1, (events.at(-1)?.seq ?? 0) + 1, acknowledged + 1);
    this.#segments = segments;
    for (const event of events) this.#bytes += event.line.length;
  }

  static inMemory(): Journal {
    return new Journal(null, randomUUID(), 0, [], []);
  }

  /** Opens the journal of a folder, or begins a new one where there is none or its files have a gap. */
  static async open(folder: string): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const text = await readIfPresent(join(folder, "journal.json"));
    const state = text === null ? null : stateSchema.safeParse(parseJson(text));
    if (state?.success === true) {
      const { segments, intact } = await readSegments(folder);
      if (intact) {
        const { journal, acknowledged } = state.data;
        const open = segments.map(({ name, firstSeq, events }) => ({ name, firstSeq, bytes: events.reduce((n, e) => n + e.line.length + 1, 0) }));
        const events = segments.flatMap((segment) => segment.events).filter((event) => event.seq > acknowledged);
        return new Journal(folder, journal, acknowledged, events, open);
      }
    }
    await removeSegments(folder);
    const journal = new Journal(folder, randomUUID(), 0, [], []);
    await journal.#saveState();
    return journal;
  }

  /** The number of the last event that was appended. */
  get position(): { readonly journal: string; readonly journalSeq: number } {
    return { journal: this.id, journalSeq: this.#nextSeq - 1 };
  }

  get head(): JournalHead {
    return { journal: this.id, firstSeq: this.#acknowledged + 1, lastSeq: this.#events.at(-1)?.seq ?? this.#acknowledged };
  }

  /** Whether writers should hold log lines back until `room`. Changes of state and power are taken all the same. */
  get isFull(): boolean {
    return this.#bytes > FULL_BYTES;
  }

  /** Adds an event. It is durable, and can be read, when `flush` resolves or `changed` is emitted. */
  append(event: NewEvent): void {
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const stored = { seq, line: JSON.stringify({ seq, at: new Date().toISOString(), ...event }) };
    this.#bytes += stored.line.length;
    this.#pending.push(stored);
    this.#writing ??= this.#write();
  }

  /** Resolves when everything appended so far is durable. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** Up to `limit` events after a number, as lines. */
  after(seq: number, limit: number): readonly StoredEvent[] {
    const first = this.#events[0];
    if (first === undefined) return [];
    const start = Math.max(0, seq + 1 - first.seq);
    return this.#events.slice(start, start + limit);
  }

  /** Forgets events up to a number. Numbers of another journal and numbers not yet given out are ignored. */
  async acknowledge(journal: string, seq: number): Promise<void> {
    if (journal !== this.id || seq <= this.#acknowledged || seq > (this.#events.at(-1)?.seq ?? 0)) return;
    const wasFull = this.isFull;
    const count = seq - (this.#events[0]?.seq ?? seq) + 1;
    for (const event of this.#events.splice(0, count)) this.#bytes -= event.line.length;
    this.#acknowledged = seq;
    if (this.#folder !== null) {
      await this.#saveState();
      // The last segment stays: it keeps the numbering.
      while (this.#segments.length > 1 && (this.#segments[1]?.firstSeq ?? Infinity) <= seq + 1) {
        const segment = this.#segments.shift();
        if (segment !== undefined) await rm(join(this.#folder, segment.name), { force: true });
      }
    }
    if (wasFull && this.#bytes <= FULL_BYTES) this.emit("room");
  }

  async #saveState(): Promise<void> {
    if (this.#folder === null) return;
    const state = { journal: this.id, acknowledged: this.#acknowledged };
    await writeDurably(join(this.#folder, "journal.json"), JSON.stringify(state));
  }

  /** Writes what has gathered; what comes meanwhile is the next batch, so that one sync serves many events. */
  async #write(): Promise<void> {
    // Gives the events of one turn the chance to share a batch.
    await Promise.resolve();
    try {
      while (this.#pending.length > 0) {
        const batch = this.#pending;
        this.#pending = [];
        if (this.#folder !== null) await this.#writeBatch(this.#folder, batch);
        this.#events.push(...batch);
        this.emit("changed");
      }
    } catch (error) {
      // A journal that can't be written leaves nothing to rely on: the owner of the process decides.
      this.emit("failed", error);
    } finally {
      this.#writing = null;
    }
  }

  async #writeBatch(folder: string, batch: readonly StoredEvent[]): Promise<void> {
    let segment = this.#segments.at(-1);
    const isNew = segment === undefined || segment.bytes >= SEGMENT_BYTES;
    if (segment === undefined || isNew) {
      const firstSeq = batch[0]?.seq ?? this.#nextSeq;
      segment = { name: segmentName(firstSeq), firstSeq, bytes: 0 };
      this.#segments.push(segment);
    }
    const lines = `${batch.map((event) => event.line).join("\n")}\n`;
    await appendDurably(join(folder, segment.name), lines);
    segment.bytes += lines.length;
    if (isNew) await syncFolder(folder);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
