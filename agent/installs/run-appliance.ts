import { SlipwayError } from "#lib/domain/errors.ts";
import { cutText } from "#lib/domain/guest-lines.ts";
import type { GuestExit, RunningGuest } from "../hypervisor/hypervisor.ts";
import { buildApplianceTree } from "../metadata/build-trees.ts";
import { applianceKey, planAppliance } from "./appliance-plan.ts";
import type { ApplianceRun } from "./appliance-run.ts";
import type { Install } from "./install.ts";
import { type GuestEnd, runGuest } from "./run-guest.ts";
import { unlessAborted, within } from "./until.ts";

/** How long a guest that has reported may take to power itself off. */
const POWER_OFF_MS = 30_000;
/** Characters of a failed script's last line that its error repeats. */
const LAST_WORDS_LENGTH = 300;

/**
 * Runs the appliance until the guest has said how it went (design: "Success is said, not inferred"). Resolves when the script
 * has reported success with this run's one-time token and nothing of the appliance runs any more; throws otherwise.
 */
export async function runAppliance(install: Install, run: ApplianceRun): Promise<void> {
  const { order } = install;
  const signal = run.signal === undefined ? install.signal : AbortSignal.any([install.signal, run.signal]);
  const archive = await archiveOf(install, run);
  const end = await runGuest(install, {
    folder: run.folder,
    key: applianceKey(install.id),
    serial: run.serial,
    nics: [],
    reach: [],
    channelIp: order.applianceIp,
    // The runner is the product's own, and asks for nothing that it wasn't told of.
    requireTokens: false,
    tree: (token) => buildApplianceTree({ order, token, script: run.script, disks: new Set(run.disks.map(({ index }) => index)), archive, scripts: run.scripts }),
    streams: run.streams,
    plan: (network) => planAppliance(install, run, network.channel),
    onPipe: run.onPipe,
    onLine: run.onLine,
    onContact: run.onContact,
    onReport: () => undefined,
    untilEnd: (guest, reported) => untilOff(install, guest, reported, signal),
    signal,
  });
  judge(install, run, end);
}

async function archiveOf({ order, context }: Install, { script }: ApplianceRun): Promise<{ readonly path: string; readonly length: number } | null> {
  const digest = order.os?.untrustedDigest ?? null;
  if (script === "personalize" || digest === null) return null;
  return { path: context.blobs.path(digest), length: await context.blobs.size(digest) };
}

/** Until nothing of the guest runs; throws the install's own reason when it must end before. */
async function untilOff(install: Install, guest: RunningGuest, reported: Promise<"reported">, signal: AbortSignal): Promise<GuestExit> {
  const first = await unlessAborted(Promise.race([guest.exited, reported]), signal);
  if (first !== "reported") return first;
  const exit = await unlessAborted(within(guest.exited, POWER_OFF_MS), signal);
  if (exit !== null) return exit;
  install.log.notice("The appliance reported its end and didn't power itself off; the agent ended it.");
  await guest.end();
  return guest.exited;
}

function judge(install: Install, { script }: ApplianceRun, { exit, exitStatus, lastWords }: GuestEnd): void {
  if (exitStatus === 0) return;
  const step = install.progress.step;
  const where = step === null ? {} : { step };
  if (exitStatus === null) {
    const how = exit.by === "failure" ? exit.reason : "The virtual machine ended";
    throw new SlipwayError("guest_silent", `${how.replace(/\.$/, "")}; how the script went was never reported.`, where);
  }
  throw new SlipwayError("script_failed", failureOf(script, exitStatus) + describeLastWords(lastWords), where);
}

/** The end of a failed script's message. */
export function describeLastWords(lastWords: string | null): string {
  return lastWords === null ? "" : ` It said last: ${cutText(lastWords, LAST_WORDS_LENGTH)}`;
}

function failureOf(script: ApplianceRun["script"], exitStatus: number): string {
  switch (script) {
    case "verify":
      return `The OS definition refuses the parameters: its verify script ended with exit status ${String(exitStatus)}. Nothing was touched.`;
    case "personalize":
      return `The package couldn't be laid over the installed system: exit status ${String(exitStatus)}.`;
    case "create":
    case "import":
    case "export":
    case "rename":
      return `The script ended with exit status ${String(exitStatus)}.`;
  }
}
