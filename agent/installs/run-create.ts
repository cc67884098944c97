import { availableParallelism } from "node:os";
import type { GuestLine } from "#lib/domain/guest-lines.ts";
import type { TarScript } from "../metadata/tar-scripts.ts";
import type { Install } from "./install.ts";
import { applianceMemoryMib } from "./preflight.ts";
import { runAppliance } from "./run-appliance.ts";

/** Runs the definition's untrusted create script in the appliance, on the new disks, in the instance's own place. */
export async function runCreate(install: Install, disks: readonly number[], scripts: readonly TarScript[]): Promise<void> {
  const { instance, order, progress, log } = install;
  progress.begin("appliance");
  log.state();
  await runAppliance(install, {
    script: "create",
    folder: instance.folder,
    serial: instance.serial,
    memoryMib: applianceMemoryMib(order),
    vcpus: Math.min(order.instance.vcpus, availableParallelism()),
    disks,
    scripts,
    hasHostPipe: true,
    onLine: (line) => {
      takeGuestLine(install, line);
    },
    onContact: () => {
      install.lastContactAt = new Date().toISOString();
      if (progress.step !== "appliance") return;
      progress.finish();
      log.state();
    },
    onReport: () => {
      install.endTimeout();
    },
  });
}

function takeGuestLine({ log, progress }: Install, line: GuestLine): void {
  if (line.kind === "log") {
    log.add({ kind: "log", author: "guest", text: line.text, step: progress.step, percent: null });
    return;
  }
  const step = progress.guestSaid(line.step, line.percent, line.message);
  log.add({ kind: "progress", author: "guest", text: line.message, step, percent: line.percent });
}
