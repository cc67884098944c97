import { randomBytes } from "node:crypto";
import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Instance } from "../instances/instance.ts";
import { takeScriptLine } from "./guest-says.ts";
import type { Install } from "./install.ts";
import { unlessAborted } from "./until.ts";

/** For a system that has just set itself up to go down by itself: seconds. */
const GRACE_SECONDS = 60;

/**
 * Starts a system that sets itself up and waits until it has said how that went (design: install, "first boot"): its channel is on and its
 * parameters are served, secrets among them, until it reports, ends, an administrator says that it is up, or the time is up. A report that
 * isn't 0 has failed, and takes the swap back.
 *
 * @returns when it was said to be up; null: nobody said so
 */
export async function confirmFirstBoot(install: Install): Promise<string | null> {
  const { order, instance, progress, log } = install;
  const { instance: spec } = order;
  await install.enter("starting");
  progress.begin("boot");
  log.state();
  instance.setPatterns(install.patterns);
  const wait = install.wait();
  const reported = Promise.withResolvers<number>();
  const token = randomBytes(24).toString("base64url");
  try {
    await instance.inTurn(() =>
      instance.start(withChannel(spec, order.applianceIp), install.guestData, {
        guestData: order,
        install: { id: order.id, operation: order.operation, token },
        onLine: (line) => {
          takeScriptLine(install, line, "guest");
        },
        onContact: () => {
          install.contact();
        },
        onReport: reported.resolve,
      }),
    );
    const ended = instance.guest?.exited ?? Promise.resolve(null);
    const first = await unlessAborted(Promise.race([reported.promise, wait.ended, ended.then(() => "ended" as const)]), install.signal);
    install.endTimeout();
    instance.endFirstBoot();
    if (typeof first === "number" && first !== 0) throw new SlipwayError("script_failed", `The system reported exit status ${String(first)} at its first boot.`, { step: "boot" });
    const isConfirmed = first === 0 || first === "completed";
    install.confirm(isConfirmed);
    log.notice(describe(first));
    await settlePower(instance, spec, install.record.boots, install);
    return isConfirmed ? new Date().toISOString() : null;
  } finally {
    wait.close();
  }
}

function describe(first: number | "completed" | "late" | "ended"): string {
  switch (first) {
    case "late":
      return "Ended, unconfirmed: the system didn't report before the time was up.";
    case "ended":
      return "Ended, unconfirmed: the virtual machine ended before its system reported.";
    case "completed":
      return "The wait for the first boot's report was ended by hand.";
    default:
      return "The system reported that it is up.";
  }
}

/** The instance as it runs until it has reported: with a channel, whatever it has afterwards. */
function withChannel(spec: InstanceSpec, applianceIp: string | null): InstanceSpec {
  return { ...spec, communication: true, channelIp: spec.channelIp ?? applianceIp };
}

/** A channel that was on for the first boot alone goes with a new start: what the guest was connected to can't be taken out of it. */
async function settlePower(instance: Instance, spec: InstanceSpec, boots: boolean, install: Install): Promise<void> {
  if (boots && spec.communication && instance.isRunning) return;
  const wasRunning = instance.isRunning;
  await instance.inTurn(() => instance.stop(GRACE_SECONDS));
  if (!boots || !wasRunning) return;
  install.log.notice("The system is started anew, without the communication channel that it had for its first boot.");
  await instance.inTurn(() => instance.start(spec, install.guestData));
}
