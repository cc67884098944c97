import type { InstallStatus } from "#lib/agent-protocol/messages.ts";
import type { Journal } from "../journal/journal.ts";
import { LineGatherer, type NewLine, noticeLine } from "../logs/line-gatherer.ts";

const GATHER_MS = 100;
const MOST_WAITING = 2_000;

export interface InstallLogOptions {
  readonly journal: Journal;
  readonly installId: string;
  readonly status: () => InstallStatus;
  /** The first entry's number. */
  readonly firstEntry: number;
  /** Called before entries up to a number go out, so that a restarted agent gives out none of them again. */
  readonly onNumber: (n: number) => void;
}

/** An install's lines on their way to the journal, numbered, and its states between them. */
export class InstallLog {
  readonly #options: InstallLogOptions;
  readonly #lines: LineGatherer;
  #next: number;

  constructor(options: InstallLogOptions) {
    const { journal, installId, status, onNumber } = options;
    this.#options = options;
    this.#next = options.firstEntry;
    this.#lines = new LineGatherer({
      journal,
      gatherMs: GATHER_MS,
      mostWaiting: MOST_WAITING,
      send: (lines) => {
        onNumber(this.#next + lines.length - 1);
        const entries = lines.map((line, index) => ({ ...line, n: this.#next + index }));
        this.#next += lines.length;
        journal.append({ type: "install.entries", installId, entries, status: status() });
      },
    });
  }

  add(line: NewLine): void {
    this.#lines.add(line);
  }

  notice(text: string): void {
    this.#lines.add(noticeLine(text));
  }

  /** Sends out what has gathered, unless the journal is full. */
  flush(): void {
    this.#lines.flush();
  }

  /** Sends out the install's state, after everything that was said before. */
  state(): void {
    this.flush();
    const { journal, installId, status } = this.#options;
    journal.append({ type: "install.state", installId, status: status() });
  }

  close(): void {
    // What a full journal doesn't take is lost; the state event says how it went.
    this.#lines.close();
  }
}
