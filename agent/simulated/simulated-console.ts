import type { Duplex } from "node:stream";
import { SlipwayError } from "#lib/domain/errors.ts";

/** The serial console of a simulated guest: it says again what is typed, and what it is told to say. */
export class SimulatedConsole {
  #stream: Duplex | null = null;

  /** One at a time, as everywhere. */
  connect(accept: () => Duplex): void {
    if (this.#stream !== null) throw new SlipwayError("conflict", "Somebody is at the instance's serial console: one can be there at a time.");
    const stream = accept();
    this.#stream = stream;
    stream.on("error", () => stream.destroy());
    stream.on("data", (bytes: Buffer) => stream.write(bytes));
    stream.on("end", () => stream.end());
    stream.once("close", () => {
      if (this.#stream === stream) this.#stream = null;
    });
  }

  say(text: string): void {
    this.#stream?.write(text);
  }

  end(): void {
    this.#stream?.end();
    this.#stream = null;
  }
}
