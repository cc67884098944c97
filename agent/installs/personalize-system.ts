import { availableParallelism } from "node:os";
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
    onLine: (line) => {
      // Its progress is that of this one step.
      if (line.kind === "log") takeScriptLine(install, line, "guest");
      else if (line.percent !== null) progress.advance(line.percent / 100);
    },
    onContact: () => {
      install.contact();
    },
  });
  progress.finish();
}
