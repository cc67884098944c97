import type { ChannelLine } from "#lib/agent-protocol/messages.ts";
import type { Journal } from "../journal/journal.ts";

const MOST_LINES = 500;
/** Characters of one event's lines. */
const MOST_CHARACTERS = 262_144;

/** A line of a log, before it is dated. */
export type NewLine = Omit<ChannelLine, "at">;

export interface LineGathererOptions {
  readonly journal: Journal;
  /** What gathers for so long goes out as one event. */
  readonly gatherMs: number;
  /** Lines that wait while no controller acknowledges anything; what comes then is counted and told. */
  readonly mostWaiting: number;
  /** Lines of one event, at most 500. */
  readonly send: (lines: readonly ChannelLine[]) => void;
}

export function noticeLine(text: string, step: string | null = null): NewLine {
  return { kind: "notice", author: "agent", text, step, percent: null };
}

/** Makes events of lines, several at a time, and holds them back while the journal is full. */
export class LineGatherer {
  readonly #options: LineGathererOptions;
  #waiting: ChannelLine[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #onRoom = (): void => {
    this.flush();
  };

  constructor(options: LineGathererOptions) {
    this.#options = options;
    options.journal.on("room", this.#onRoom);
  }

  add(line: NewLine): void {
    const last = this.#waiting.at(-1);
    // A bar that moves a hundred times a second is one that moves ten times.
    if (last !== undefined && isBar(last) && isBar(line) && last.step === line.step) this.#waiting.pop();
    else if (this.#waiting.length >= this.#options.mostWaiting) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ ...line, at: new Date().toISOString() });
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, this.#options.gatherMs);
  }

  /** Sends out what has gathered, unless the journal is full. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { journal, send } = this.#options;
    while (this.#waiting.length > 0 && !journal.isFull) send(this.#takeBatch());
    if (this.#waiting.length > 0 || this.#lost === 0) return;
    const text = `${String(this.#lost)} lines were left out while no controller took what this node had to say.`;
    this.#lost = 0;
    send([{ ...noticeLine(text), at: new Date().toISOString() }]);
  }

  /** Sends out what it can. In a journal that stays full until then the rest is lost. */
  close(): void {
    this.flush();
    this.#options.journal.off("room", this.#onRoom);
  }

  #takeBatch(): ChannelLine[] {
    let characters = 0;
    let count = 0;
    for (const { text } of this.#waiting.slice(0, MOST_LINES)) {
      characters += text?.length ?? 0;
      if (count > 0 && characters > MOST_CHARACTERS) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

/** Progress that says nothing but how far it is. */
function isBar({ kind, text }: NewLine): boolean {
  return kind === "progress" && text === null;
}
