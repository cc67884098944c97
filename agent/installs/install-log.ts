import type { InstallEntry, InstallStatus } from "#lib/agent-protocol/messages.ts";
import type { Journal } from "../journal/journal.ts";

/** What gathers for so long goes out as one event. */
const GATHER_MS = 100;
const MOST_ENTRIES = 500;
/** Characters of one event's entries. */
const MOST_CHARACTERS = 262_144;
/** Entries that wait while no controller acknowledges anything; what comes then is counted and told. */
const MOST_WAITING = 2_000;

export type NewEntry = Omit<InstallEntry, "n" | "at">;

export interface InstallLogOptions {
  readonly journal: Journal;
  readonly installId: string;
  readonly status: () => InstallStatus;
  /** The first entry's number. */
  readonly firstEntry: number;
  /** Called before entries up to a number go out, so that a restarted agent gives out none of them again. */
  readonly onNumber: (n: number) => void;
}

/** Turns an install's lines into journal events, several at a time, and holds them back while the journal is full. */
export class InstallLog {
  readonly #options: InstallLogOptions;
  #next: number;
  #waiting: { entry: NewEntry; at: string }[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #onRoom = (): void => {
    this.flush();
  };

  constructor(options: InstallLogOptions) {
    this.#options = options;
    this.#next = options.firstEntry;
    options.journal.on("room", this.#onRoom);
  }

  add(entry: NewEntry): void {
    const last = this.#waiting.at(-1);
    // A bar that moves a hundred times a second is one that moves ten times.
    const replaces = last !== undefined && entry.kind === "progress" && entry.text === null && last.entry.kind === "progress" && last.entry.text === null && last.entry.step === entry.step;
    if (replaces) this.#waiting.pop();
    else if (this.#waiting.length >= MOST_WAITING) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ entry, at: new Date().toISOString() });
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, GATHER_MS);
  }

  notice(text: string): void {
    this.add({ kind: "notice", text, step: null, percent: null });
  }

  /** Sends out what has gathered, unless the journal is full. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#waiting.length > 0 && !this.#options.journal.isFull) this.#send(this.#takeBatch());
    if (this.#waiting.length > 0 || this.#lost === 0) return;
    const text = `${String(this.#lost)} lines were left out while no controller took what this node had to say.`;
    this.#lost = 0;
    this.#send([{ entry: { kind: "notice", text, step: null, percent: null }, at: new Date().toISOString() }]);
  }

  /** Sends out the install's state, after everything that was said before. */
  state(): void {
    this.flush();
    const { journal, installId, status } = this.#options;
    journal.append({ type: "install.state", installId, status: status() });
  }

  close(): void {
    this.flush();
    // A journal that stays full until the end: the rest is lost, and the state event says how it went.
    this.#options.journal.off("room", this.#onRoom);
  }

  #takeBatch(): { entry: NewEntry; at: string }[] {
    let characters = 0;
    let count = 0;
    for (const { entry } of this.#waiting.slice(0, MOST_ENTRIES)) {
      characters += entry.text?.length ?? 0;
      if (count > 0 && characters > MOST_CHARACTERS) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #send(batch: readonly { entry: NewEntry; at: string }[]): void {
    const { journal, installId, status, onNumber } = this.#options;
    onNumber(this.#next + batch.length - 1);
    const entries = batch.map(({ entry, at }, index) => ({ ...entry, at, n: this.#next + index }));
    this.#next += batch.length;
    journal.append({ type: "install.entries", installId, entries, status: status() });
  }
}
