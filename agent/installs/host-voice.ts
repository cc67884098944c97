import { PassThrough } from "node:stream";
import type { GuestLine } from "#lib/domain/guest-lines.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import { takeScriptLine } from "./guest-says.ts";
import type { Install } from "./install.ts";

const AUTHOR = "host script";
const LINE_FEED = Buffer.from("\n");
/** Bytes that may wait to be scrubbed. */
const MOST_WAITING_BYTES = 4 * 1_048_576;

/** What a script on the host says, on its way to the install's log: scrubbed and capped like what a guest says. */
export class HostVoice {
  readonly #install: Install;
  readonly #pipe: WritePipe;
  readonly #lines = new PassThrough();
  readonly #taken: Promise<void>;
  #lost = 0;
  /** Its last line, scrubbed. */
  lastWords: string | null = null;

  constructor(install: Install) {
    this.#install = install;
    const onNotice = (text: string): void => {
      install.log.notice(text);
    };
    // It reports by its exit status: no token is right.
    this.#pipe = new WritePipe(install.patterns, null, { onLine: this.#hear, onNotice, onResult: () => undefined });
    this.#taken = this.#pipe.take(this.#lines, null);
  }

  /** A line without its line feed; `cut`: bytes at its end that were left out. */
  readonly say = (line: Buffer, cut: number): void => {
    if (cut > 0 || this.#lines.writableLength > MOST_WAITING_BYTES) this.#lost += 1;
    if (this.#lines.writableLength > MOST_WAITING_BYTES) return;
    this.#lines.write(line);
    this.#lines.write(LINE_FEED);
  };

  /** It says no more. */
  async end(): Promise<void> {
    this.#lines.end();
    await this.#taken;
    this.#pipe.end();
    if (this.#lost > 0) this.#install.log.notice(`${String(this.#lost)} lines of the script on the host came too quickly or were too long, and were left out or cut.`);
  }

  readonly #hear = (line: GuestLine): void => {
    if (line.kind === "log" && line.text.trim() !== "") this.lastWords = line.text.trim();
    takeScriptLine(this.#install, line, AUTHOR);
  };
}
