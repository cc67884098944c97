import { availableParallelism } from "node:os";
import { SlipwayError } from "#lib/domain/errors.ts";
import { applianceMemoryMib } from "./appliance-memory.ts";
import { takeScriptLine } from "./guest-says.ts";
import type { Install } from "./install.ts";
import { runsIn } from "./order-facts.ts";
import type { Prepared } from "./prepared.ts";
import { runAppliance } from "./run-appliance.ts";
import { runHostScript } from "./run-host-script.ts";
import { scriptStreams } from "./script-streams.ts";

/**
 * Runs the definition's script: the untrusted one in the appliance, the trusted one on the host, or both at once, joined by the pipe
 * (design: install, "or both **at the same time**"). Both must say that they worked; one that failed ends the other.
 */
export async function runScripts(install: Install, prepared: Prepared): Promise<void> {
  const { order } = install;
  if (order.os === null) return;
  await install.enter("installing");
  const ending = new AbortController();
  const signal = AbortSignal.any([install.signal, ending.signal]);
  const hasBoth = runsIn(order, "appliance") && runsIn(order, "host");
  const pipe = Promise.withResolvers<string>();
  const parts: Promise<void>[] = [];
  if (runsIn(order, "appliance")) parts.push(runInAppliance(install, prepared, hasBoth ? pipe.resolve : null, signal));
  if (runsIn(order, "host")) parts.push(hasBoth ? besideAppliance(install, prepared, pipe.promise, signal) : runHostScript(install, prepared, null, signal));
  const endOthers = (error: unknown): never => {
    ending.abort(error);
    throw error;
  };
  const results = await Promise.allSettled(parts.map((part) => part.catch(endOthers)));
  // The one that ended the others failed first; theirs is its reason.
  ending.signal.throwIfAborted();
  for (const result of results) if (result.status === "rejected") throw result.reason;
  install.progress.guestFinished();
  if (order.operation === "export") checkExport(install);
}

/** The pipe is there before the appliance is started; an appliance that isn't started has no need of the script. */
async function besideAppliance(install: Install, prepared: Prepared, pipe: Promise<string>, signal: AbortSignal): Promise<void> {
  const path = await Promise.race([pipe, untilAborted(signal)]);
  if (path !== null) await runHostScript(install, prepared, path, signal);
}

function untilAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      resolve(null);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

async function runInAppliance(install: Install, { scripts, disks }: Prepared, onPipe: ((path: string) => void) | null, signal: AbortSignal): Promise<void> {
  const { instance, order, progress, log } = install;
  progress.begin("appliance");
  log.state();
  await runAppliance(install, {
    script: order.os?.script ?? "create",
    folder: instance.folder,
    serial: instance.serial,
    memoryMib: applianceMemoryMib(order),
    vcpus: Math.min(order.instance.vcpus, availableParallelism()),
    disks,
    scripts,
    streams: scriptStreams(install),
    onPipe,
    signal,
    onLine: (line) => {
      takeScriptLine(install, line, "guest");
    },
    onContact: () => {
      install.contact();
      if (progress.step !== "appliance") return;
      progress.finish();
      log.state();
    },
  });
}

/** A script that says that it worked and gave nothing for a disk has exported nothing. */
function checkExport({ order, record }: Install): void {
  const missing = order.instance.disks.filter(({ index }) => !record.status.facts.files.some((file) => file.index === index));
  if (missing.length === 0) return;
  throw new SlipwayError("script_failed", `The script reported its end and has exported nothing of disk ${missing.map(({ index }) => String(index)).join(", ")}.`);
}
