import { mkdir } from "node:fs/promises";
import { freemem } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GuestLine } from "#lib/domain/guest-lines.ts";
import { SerialLog } from "../logs/serial-log.ts";
import type { TarScript } from "../metadata/tar-scripts.ts";
import type { Install } from "./install.ts";
import type { InstallLog } from "./install-log.ts";
import { leastApplianceMemoryMib } from "./appliance-memory.ts";
import { runAppliance } from "./run-appliance.ts";

const MIB = 1_048_576;
/** Lines of its output that are kept. */
const VERIFY_LINES = 500;

/**
 * Lets the definition look at the parameters before anything is touched (design: install, "parameters valid (the definition's
 * `verify` runs in the appliance)"): a start of the appliance without any disk, beside the system that still runs. A definition
 * without the script is passed over.
 *
 * @throws SlipwayError `script_failed` where it refuses them, is silent, or takes too long.
 */
export async function runVerify(install: Install, scripts: readonly TarScript[]): Promise<void> {
  const { order, instance, context, progress, log } = install;
  if (order.os?.verify !== true) return;
  const memoryMib = leastApplianceMemoryMib(order.os.appliance);
  if (freemem() / MIB < memoryMib) throw new SlipwayError("no_room", "The node has too little free memory to check the parameters.", { field: "instance.memoryMib" });
  progress.begin("verify");
  log.state();
  const folder = instance.verifyFolder;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lines = new VerifyLines(log);
  const serial = new SerialLog(join(folder, "serial.log"), context.log);
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new SlipwayError("script_failed", `The OS definition's verify script took longer than ${String(context.verifySeconds)} seconds. Nothing was touched.`, { step: "verify" }));
  }, context.verifySeconds * 1_000);
  try {
    await runAppliance(install, {
      script: "verify",
      folder,
      serial,
      memoryMib,
      vcpus: 1,
      disks: [],
      scripts,
      streams: null,
      onPipe: null,
      signal: late.signal,
      onLine: (line) => {
        lines.take(line);
      },
      onContact: () => {
        install.contact();
      },
    });
  } finally {
    clearTimeout(timer);
    lines.end();
    await serial.settled();
    await instance.clearVerification();
  }
  progress.finish();
  log.state();
}

/** What a verify script says, in a part of the install's log that leaves the rest to what comes after. Its progress is none of the install's. */
class VerifyLines {
  readonly #log: InstallLog;
  #kept = 0;
  #lost = 0;

  constructor(log: InstallLog) {
    this.#log = log;
  }

  take(line: GuestLine): void {
    const text = line.kind === "log" ? line.text : line.message;
    if (text === null) return;
    if (this.#kept >= VERIFY_LINES) {
      this.#lost += 1;
      return;
    }
    this.#kept += 1;
    this.#log.add({ kind: "log", author: "guest", text, step: "verify", percent: null });
  }

  end(): void {
    if (this.#lost > 0) this.#log.notice(`${String(this.#lost)} more lines of the verify script were left out.`);
  }
}
