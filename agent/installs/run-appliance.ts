import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import { cutText, type GuestLine } from "#lib/domain/guest-lines.ts";
import { GuestEar } from "../channel/guest-ear.ts";
import { HOST_PIPE_SOCKET, HostPipe } from "../channel/host-pipe.ts";
import { limitConnections } from "../channel/limit-connections.ts";
import { SocketFolder } from "../folder-sockets.ts";
import { RUN_FOLDER } from "../hypervisor/guest-folder.ts";
import type { GuestExit, RunningGuest } from "../hypervisor/hypervisor.ts";
import { buildApplianceTree } from "../metadata/build-trees.ts";
import type { MetadataContent } from "../metadata/metadata-content.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import type { GuestNetwork } from "../network/guest-network.ts";
import { applianceKey, planAppliance } from "./appliance-plan.ts";
import type { ApplianceRun } from "./appliance-run.ts";
import type { Install } from "./install.ts";

/** How long a guest that has reported may take to power itself off. */
const POWER_OFF_MS = 30_000;
/** Characters of a failed script's last line that its error repeats. */
const LAST_WORDS_LENGTH = 300;

/**
 * Runs the appliance until the guest has said how it went (design: "Success is said, not inferred"). Resolves when the script
 * has reported success with this run's one-time token and nothing of the appliance runs any more; throws otherwise. What it was
 * served, secrets among it, is gone with it.
 */
export async function runAppliance(install: Install, run: ApplianceRun): Promise<void> {
  const { context, log, instance } = install;
  const signal = run.signal === undefined ? install.signal : AbortSignal.any([install.signal, run.signal]);
  const runFolder = join(run.folder, RUN_FOLDER);
  await context.hypervisor.clear(run.folder);
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  const report = new Report();
  let hostPipe: HostPipe | null = null;
  let guest: RunningGuest | null = null;
  const onNotice = (text: string): void => {
    log.notice(text);
  };
  const token = randomBytes(24).toString("base64url");
  const write = new WritePipe(install.patterns, token, {
    onLine: (line) => {
      report.hear(line);
      run.onLine(line);
      hostPipe?.pass(line);
    },
    onNotice,
    onResult: (status) => {
      report.take(status);
      run.onReport();
    },
  });
  const read = new ReadPipe();
  const onLine = log.add.bind(log);
  const ear = new GuestEar({ read, patterns: () => install.patterns, step: () => install.progress.step, onLine });
  const content: MetadataContent = {
    tree: buildApplianceTree({ order: install.order, token, script: run.script, disks: new Set(run.disks), archive: await archiveOf(install), scripts: run.scripts }),
    // The runner is the product's own, and asks for nothing that it wasn't told of.
    requireTokens: false,
    isComplete: null,
    read,
    write,
    onContact: run.onContact,
    onRefused: limitConnections({ guest: () => guest, onNotice, log: context.log }),
    onNotice,
  };
  const sockets = await SocketFolder.open(runFolder);
  const takeEarBack = instance.lendEar(ear);
  let network: GuestNetwork | null = null;
  let exit: GuestExit;
  try {
    const channel = { ip: install.order.applianceIp, content };
    network = await context.networks.open({ folder: run.folder, key: applianceKey(install.id), nics: [], reach: [], channel, onNotice });
    if (run.hasHostPipe) hostPipe = await HostPipe.listen(sockets.address(HOST_PIPE_SOCKET), ear, context.log);
    run.serial.setPatterns(install.patterns);
    signal.throwIfAborted();
    guest = await context.hypervisor.start(planAppliance(install, run, network.channel), run.serial.take);
    exit = await untilEnd(install, guest, report.reported, signal);
  } finally {
    takeEarBack();
    await guest?.end();
    await network?.close();
    write.end();
    await hostPipe?.close();
    await sockets.close();
    run.serial.flush();
  }
  judge(install, run, report, exit);
}

async function archiveOf({ order, context }: Install): Promise<{ readonly path: string; readonly length: number }> {
  const { untrustedDigest } = order.os;
  return { path: context.blobs.path(untrustedDigest), length: await context.blobs.size(untrustedDigest) };
}

/** How the script went, by the runner's word. */
class Report {
  exitStatus: number | null = null;
  /** The script's last line, scrubbed like all of them. */
  lastWords: string | null = null;
  readonly reported: Promise<"reported">;
  #onReport: () => void = () => undefined;

  constructor() {
    this.reported = new Promise((resolve) => {
      this.#onReport = () => {
        resolve("reported");
      };
    });
  }

  hear(line: GuestLine): void {
    if (line.kind === "log" && line.text.trim() !== "") this.lastWords = line.text.trim();
  }

  /** The first report counts. */
  take(exitStatus: number): void {
    this.exitStatus ??= exitStatus;
    this.#onReport();
  }
}

/** Until nothing of the guest runs; throws the install's own reason when it must end before. */
async function untilEnd(install: Install, guest: RunningGuest, reported: Promise<"reported">, signal: AbortSignal): Promise<GuestExit> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      // The reason is the error that ends the install.
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  const first = await Promise.race([guest.exited, reported, aborted]);
  if (first !== "reported") return first;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, POWER_OFF_MS, null);
  });
  try {
    const exit = await Promise.race([guest.exited, tooLong, aborted]);
    if (exit !== null) return exit;
    install.log.notice("The appliance reported its end and didn't power itself off; the agent ended it.");
    await guest.end();
    return await guest.exited;
  } finally {
    clearTimeout(timer);
  }
}

function judge(install: Install, { script }: ApplianceRun, { exitStatus, lastWords }: Report, exit: GuestExit): void {
  const step = install.progress.step;
  const where = step === null ? {} : { step };
  if (exitStatus === null) {
    const how = exit.by === "failure" ? exit.reason : "The virtual machine ended";
    throw new SlipwayError("guest_silent", `${how.replace(/\.$/, "")}; how the script went was never reported.`, where);
  }
  if (exitStatus === 0) return;
  const message =
    script === "verify"
      ? `The OS definition refuses the parameters: its verify script ended with exit status ${String(exitStatus)}. Nothing was touched.`
      : `The script ended with exit status ${String(exitStatus)}.`;
  const said = lastWords === null ? "" : ` It said last: ${cutText(lastWords, LAST_WORDS_LENGTH)}`;
  throw new SlipwayError("script_failed", message + said, where);
}
