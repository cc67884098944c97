import { SlipwayError } from "#lib/domain/errors.ts";
import type { GuestExit, RunningGuest } from "../hypervisor/hypervisor.ts";
import { buildInstanceTree } from "../metadata/build-trees.ts";
import { takeScriptLine } from "./guest-says.ts";
import type { Install } from "./install.ts";
import { planMedium } from "./plan-medium.ts";
import type { Prepared } from "./prepared.ts";
import { runGuest } from "./run-guest.ts";
import { unlessAborted, within } from "./until.ts";

/** How long a medium's system that has reported may take to power itself off, and then to notice its power button. */
const POWER_OFF_MS = 30_000;
const BUTTON_MS = 30_000;

/**
 * Starts the instance's own machine from the install medium, with the disk that becomes its own (design: install, "install medium"): its
 * NICs, its channel on, and its parameters served, secrets among them. It is over when the guest has reported, when an administrator
 * says so, when the machine powers itself off or would start again, or when the time is up; a report that isn't 0 has failed.
 */
export async function runMedium(install: Install, { media, disks }: Prepared): Promise<void> {
  if (media === null) return;
  const { order, instance, progress, log } = install;
  const { instance: spec } = order;
  if (install.record.status.state !== "installing") await install.enter("installing");
  progress.begin("medium");
  log.state();
  const present = new Set(disks.map(({ index }) => index));
  // Data disks that stay as they are aren't shown to a system that makes its own.
  const seen = { ...spec, disks: spec.disks.filter(({ index }) => present.has(index)) };
  const wait = install.wait();
  const over: { by: "reported" | "completed" | "late" | null } = { by: null };
  const end = await runGuest(install, {
    folder: instance.folder,
    key: spec.id,
    serial: instance.serial,
    nics: spec.nics,
    reach: instance.record.reach,
    channelIp: spec.channelIp ?? order.applianceIp,
    requireTokens: spec.requireTokens,
    tree: (token) => buildInstanceTree({ spec: seen, node: order.primaryNode, guestData: order, install: { id: order.id, operation: order.operation, token } }),
    streams: null,
    plan: (network) => planMedium({ folder: instance.folder, spec, medium: order.medium, files: media, disks }, network),
    onPipe: null,
    onLine: (line) => {
      takeScriptLine(install, line, "guest");
    },
    onContact: () => {
      install.contact();
    },
    onReport: () => undefined,
    untilEnd: async (guest, reported) => {
      const first = await unlessAborted(Promise.race([guest.exited, reported, wait.ended]), install.signal);
      if (typeof first !== "string") return first;
      over.by = first;
      // The work is over: no end of the time takes it back.
      install.endTimeout();
      return powerOff(guest, install.signal, first === "reported");
    },
    signal: install.signal,
  }).finally(wait.close);
  if (end.exit.by === "failure" && end.exitStatus === null) throw new SlipwayError("guest_silent", end.exit.reason, { step: "medium" });
  if (end.exitStatus !== null && end.exitStatus !== 0) throw new SlipwayError("script_failed", `The system of the install medium reported exit status ${String(end.exitStatus)}.`, { step: "medium" });
  install.confirm(end.exitStatus === 0 || over.by === "completed");
  if (over.by === "completed") log.notice("The wait for the install medium's report was ended by hand.");
  else if (end.exitStatus === null) log.notice(`Ended, unconfirmed: the system of the install medium ${over.by === "late" ? "was ended when the time was up" : "ended"}, and never reported.`);
  progress.finish();
}

/** A system that is done goes by itself, or by its button; one that had its time is ended. */
async function powerOff(guest: RunningGuest, signal: AbortSignal, hasReported: boolean): Promise<GuestExit> {
  if (hasReported) {
    const exit = await unlessAborted(within(guest.exited, POWER_OFF_MS), signal);
    if (exit !== null) return exit;
  }
  // A guest that is gone meanwhile has no button to press.
  await guest.pressPowerButton().catch(() => undefined);
  const exit = await unlessAborted(within(guest.exited, BUTTON_MS), signal);
  if (exit === null) await guest.end();
  return guest.exited;
}
