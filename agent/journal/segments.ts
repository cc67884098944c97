import { open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { agentEventSchema } from "#lib/agent-protocol/messages.ts";

/** A journal file holds events as lines of JSON; its name is the number of the first. */
const SEGMENT_NAME = /^(\d{16})\.ndjson$/;

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, "0")}.ndjson`;
}

export interface StoredEvent {
  readonly seq: number;
  /** One line of JSON, without its line feed. */
  readonly line: string;
}

export interface StoredSegment {
  readonly name: string;
  readonly firstSeq: number;
  readonly events: readonly StoredEvent[];
}

function readSeq(line: string): number | null {
  try {
    const parsed = agentEventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data.seq : null;
  } catch {
    return null;
  }
}

/**
 * Reads the segments of a folder in order. The last one may end in a torn line (the process was killed while writing): it
 * is cut off in the file too. A break anywhere else ends the reading with `intact: false`.
 */
export async function readSegments(folder: string): Promise<{ segments: StoredSegment[]; intact: boolean }> {
  const names = (await readdir(folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
  const segments: StoredSegment[] = [];
  let expected: number | null = null;
  for (const [index, name] of names.entries()) {
    const path = join(folder, name);
    const bytes = await readFile(path);
    const firstSeq = Number(SEGMENT_NAME.exec(name)?.[1]);
    if (expected !== null && firstSeq !== expected) return { segments, intact: false };
    const events: StoredEvent[] = [];
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(10, at);
      const line = end < 0 ? null : bytes.toString("utf8", at, end);
      const seq: number = firstSeq + events.length;
      if (line === null || readSeq(line) !== seq) break;
      events.push({ seq, line });
      at = end + 1;
    }
    segments.push({ name, firstSeq, events });
    expected = firstSeq + events.length;
    if (at < bytes.length) {
      if (index < names.length - 1) return { segments, intact: false };
      await truncate(path, at);
    }
  }
  return { segments, intact: true };
}

/** Removes every segment: their numbering can't be continued. */
export async function removeSegments(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (SEGMENT_NAME.test(name)) await rm(join(folder, name));
}

/** Appends whole lines and makes them durable. */
export async function appendDurably(path: string, lines: string): Promise<void> {
  const handle = await open(path, "a", 0o600);
  try {
    await handle.writeFile(lines);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
