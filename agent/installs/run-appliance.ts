import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import { cutText, type GuestLine } from "#lib/domain/guest-lines.ts";
import { METADATA_SOCKET, RUN_FOLDER } from "../channel/session-channel.ts";
import { SocketFolder } from "../folder-sockets.ts";
import type { GuestDisk, GuestExit, GuestPlan, RunningGuest } from "../hypervisor/hypervisor.ts";
import type { SerialLog } from "../logs/serial-log.ts";
import { buildMetadata, buildParameters, diskSerial, IMAGE_SERIAL, ROOT_SERIAL } from "../metadata/documents.ts";
import { type MetadataBody, type MetadataContent, MetadataService } from "../metadata/metadata-service.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { readTarScript, type TarScript } from "../metadata/tar-scripts.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import { newDiskFile } from "./disks.ts";
import type { Install } from "./install.ts";
import { limitConnections } from "./limit-connections.ts";

/** How long a guest that has reported may take to power itself off. */
const POWER_OFF_MS = 30_000;
/** Characters of a failed script's last line that its error repeats. */
const LAST_WORDS_LENGTH = 300;

/** What one start of the appliance is for. */
export interface ApplianceRun {
  readonly script: "create" | "verify";
  /** Where its guest lives: no two guests share a folder. */
  readonly folder: string;
  readonly serial: SerialLog;
  readonly memoryMib: number;
  readonly vcpus: number;
  /** Indexes of the new disks that it sees. */
  readonly disks: readonly number[];
  readonly scripts: readonly TarScript[];
  readonly onLine: (line: GuestLine) => void;
  /** Ends the run, beside the install's own signal, with its reason. */
  readonly signal?: AbortSignal;
  /** The guest has asked for something. */
  readonly onContact: () => void;
  /** The script has ended, by the runner's word. */
  readonly onReport: () => void;
}

/**
 * Runs the appliance until the guest has said how it went (design: "Success is said, not inferred"). Resolves when the script
 * has reported success with this run's one-time token and nothing of the appliance runs any more; throws otherwise.
 */
export async function runAppliance(install: Install, run: ApplianceRun): Promise<void> {
  const { context, log } = install;
  const signal = run.signal === undefined ? install.signal : AbortSignal.any([install.signal, run.signal]);
  const runFolder = join(run.folder, RUN_FOLDER);
  await context.hypervisor.clear(run.folder);
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  const sockets = await SocketFolder.open(runFolder);
  const token = randomBytes(24).toString("base64url");
  let exitStatus: number | null = null;
  let lastWords: string | null = null;
  let onReport: () => void = () => undefined;
  const reported = new Promise<"reported">((resolve) => {
    onReport = () => {
      resolve("reported");
    };
  });
  const write = new WritePipe(install.patterns, token, {
    onLine: (line) => {
      if (line.kind === "log" && line.text.trim() !== "") lastWords = line.text.trim();
      run.onLine(line);
    },
    onNotice: (text) => {
      log.notice(text);
    },
    onResult: (status) => {
      // The first report counts.
      exitStatus ??= status;
      run.onReport();
      onReport();
    },
  });
  let guest: RunningGuest | null = null;
  const onRefused = limitConnections({
    guest: () => guest,
    onNotice: (text) => {
      log.notice(text);
    },
    log: context.log,
  });
  const content = { documents: documentsOf(install, run, token), read: new ReadPipe(), onContact: run.onContact, write, onRefused };
  const service = await MetadataService.listen(sockets.address(METADATA_SOCKET), content, context.log);
  let exit: GuestExit;
  try {
    run.serial.setPatterns(install.patterns);
    signal.throwIfAborted();
    guest = await context.hypervisor.start(appliancePlan(install, run), run.serial.take);
    exit = await untilEnd(install, guest, reported, signal);
  } finally {
    await guest?.end();
    await service.close();
    await sockets.close();
    write.end();
    run.serial.flush();
  }
  judge(install, run, { exitStatus, lastWords, exit });
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

interface Ended {
  readonly exitStatus: number | null;
  /** The script's last line, scrubbed like all of them. */
  readonly lastWords: string | null;
  readonly exit: GuestExit;
}

function judge(install: Install, { script }: ApplianceRun, { exitStatus, lastWords, exit }: Ended): void {
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

function appliancePlan({ order, instance, context }: Install, run: ApplianceRun): GuestPlan {
  // Relative to the guest's folder: QEMU works there, and its options then hold names that are known to be harmless.
  const blob = (digest: string): string => relative(run.folder, context.blobs.path(digest));
  const readOnly = (digest: string | null, serial: string): GuestDisk[] => (digest === null ? [] : [{ file: blob(digest), serial, readOnly: true, unsafeCache: false }]);
  return {
    kind: "appliance",
    id: instance.id,
    folder: run.folder,
    vcpus: run.vcpus,
    memoryMib: run.memoryMib,
    boot: { kernel: blob(order.appliance.kernelDigest), initrd: blob(order.appliance.initrdDigest) },
    // The agent makes the new disk durable before the swap; until then it may be lost.
    disks: [
      ...run.disks.map((index): GuestDisk => ({ file: newDiskFile(index), serial: diskSerial(index), readOnly: false, unsafeCache: true })),
      ...readOnly(order.os.imageDigest, IMAGE_SERIAL),
      ...readOnly(order.os.appliance === "full" ? order.appliance.rootDigest : null, ROOT_SERIAL),
    ],
    nics: [],
    channel: true,
  };
}

function documentsOf({ order, context }: Install, run: ApplianceRun, token: string): MetadataContent["documents"] {
  const archive = context.blobs.path(order.os.untrustedDigest);
  const json = (text: () => string) => (): Promise<MetadataBody> => Promise.resolve({ kind: "text", text: text(), type: "application/json" });
  return new Map<string, () => Promise<MetadataBody>>([
    ["meta_data.json", json(() => buildMetadata(order, { token, script: run.script, disks: new Set(run.disks) }))],
    ["os/parameters.json", json(() => buildParameters(order.parameters))],
    ["os/untrusted.tar", async () => ({ kind: "file", path: archive, length: await context.blobs.size(order.os.untrustedDigest) })],
    ...run.scripts.map((script): [string, () => Promise<MetadataBody>] => [
      `os/scripts/${script.name}`,
      async () => ({ kind: "text", text: (await readTarScript(archive, script)).toString("utf8"), type: "text/plain" }),
    ]),
  ]);
}
