import { availableParallelism } from "node:os";
import { SlipwayError } from "#lib/domain/errors.ts";
import { personalizeMemoryMib } from "./appliance-memory.ts";
import { takeScriptLine } from "./guest-says.ts";
import type { Install } from "./install.ts";
import type { Prepared } from "./prepared.ts";
import { runAppliance } from "./run-appliance.ts";

/**
 * Lays the package over the installed system (design: install, "personalization package"), in a start of the appliance of its own: the
 * script that ran before never sees the package, and no host mounts a guest's filesystem or unpacks an archive.
 */
export async function personalizeSystem(install: Install, { archive, disks }: Prepared): Promise<void> {
  if (archive === null) return;
  const { instance, order, progress, log } = install;
  await install.enter("personalizing");
  progress.begin("personalize");
  log.state();
  const limit = limitTime(order.timeoutSeconds);
  await runAppliance(install, {
    script: "personalize",
    folder: instance.folder,
    serial: instance.serial,
    memoryMib: personalizeMemoryMib(order),
    vcpus: Math.min(order.instance.vcpus, availableParallelism()),
    disks: disks.filter(({ index }) => index === 0),
    scripts: [],
    streams: { archive, openImport: () => Promise.resolve(null), takeExport: () => Promise.reject(new Error("nothing is exported")) },
    onPipe: null,
    signal: limit.signal,
    onLine: (line) => {
      // Its progress is that of this one step.
      if (line.kind === "log") takeScriptLine(install, line, "guest");
      else if (line.percent !== null) progress.advance(line.percent / 100);
    },
    onContact: () => {
      install.contact();
    },
  }).finally(limit.end);
  progress.finish();
}

/**
 * The install's own limit may have done its work, where a medium's system had until then: what it has left on the disk must not hold the
 * appliance for ever.
 */
function limitTime(seconds: number | null): { readonly signal: AbortSignal; readonly end: () => void } {
  const late = new AbortController();
  if (seconds === null) return { signal: late.signal, end: () => undefined };
  const timer = setTimeout(() => {
    late.abort(new SlipwayError("timed_out", `Laying the package over took longer than ${String(seconds)} seconds.`, { step: "personalize" }));
  }, seconds * 1_000);
  return {
    signal: late.signal,
    end: () => {
      clearTimeout(timer);
    },
  };
}
