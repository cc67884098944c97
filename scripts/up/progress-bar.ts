const { stderr } = process;

const WIDTH = 32;

/** How far an install is, as the guest said. */
export interface Progress {
  /** 0 to 100; null before anything was said. */
  readonly percent: number | null;
  readonly label: string;
}

/** One line, say `[#########-----------------------]  28 % copying the system`. */
export function formatProgress({ percent, label }: Progress, width = WIDTH): string {
  const full = Math.floor(((percent ?? 0) / 100) * width);
  const number = percent === null ? "   " : String(Math.floor(percent)).padStart(3);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}] ${number} % ${label}`;
}

/** Draws progress in place on a terminal; elsewhere a line for each new label. */
export class ProgressBar {
  readonly #started = performance.now();
  #last = "";

  show(progress: Progress): void {
    if (!stderr.isTTY) {
      if (progress.label !== this.#last) stderr.write(`slipway: ${formatProgress(progress)}\n`);
      this.#last = progress.label;
      return;
    }
    const seconds = `${Math.floor((performance.now() - this.#started) / 1_000)} s`.padStart(5);
    const line = `${formatProgress(progress)} ${seconds}`.slice(0, stderr.columns - 1);
    stderr.write(`\r\u001b[K${line}`);
    this.#last = line;
  }

  /** Leaves the last state standing and goes to the next line. */
  end(): void {
    if (stderr.isTTY && this.#last !== "") stderr.write("\n");
  }
}
