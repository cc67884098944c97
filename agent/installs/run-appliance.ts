import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GuestLine } from "#lib/domain/guest-lines.ts";
import { METADATA_SOCKET, RUN_FOLDER } from "../channel/session-channel.ts";
import { SocketFolder } from "../folder-sockets.ts";
import type { GuestDisk, GuestExit, GuestPlan, RunningGuest } from "../hypervisor/hypervisor.ts";
import { buildMetadata, buildParameters, diskSerial, IMAGE_SERIAL } from "../metadata/documents.ts";
import { type MetadataBody, type MetadataContent, MetadataService } from "../metadata/metadata-service.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { readTarScript, type TarScript } from "../metadata/tar-scripts.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import { newDiskFile } from "./disks.ts";
import type { Install } from "./install.ts";
import { limitConnections } from "./limit-connections.ts";
import { applianceMemoryMib } from "./preflight.ts";

/** How long a guest that has reported may take to power itself off. */
const POWER_OFF_MS = 30_000;

/**
 * Runs the appliance on the new disks until the guest has said how it went (design: "Success is said, not inferred"). Resolves
 * when the script has reported success with this install's token and nothing of the appliance runs any more; throws otherwise.
 */
export async function runAppliance(install: Install, disks: readonly number[], scripts: readonly TarScript[]): Promise<void> {
  const { instance, context, log, progress, signal } = install;
  const run = join(instance.folder, RUN_FOLDER);
  await context.hypervisor.clear(instance.folder);
  await mkdir(run, { recursive: true, mode: 0o700 });
  const sockets = await SocketFolder.open(run);
  let exitStatus: number | null = null;
  let onReport: () => void = () => undefined;
  const reported = new Promise<"reported">((resolve) => {
    onReport = () => {
      resolve("reported");
    };
  });
  const write = new WritePipe(install.patterns, install.token, {
    onLine: (line) => {
      takeGuestLine(install, line);
    },
    onNotice: (text) => {
      log.notice(text);
    },
    onResult: (status) => {
      // The first report counts.
      exitStatus ??= status;
      install.endTimeout();
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
  const content = { ...documentsOf(install, disks, scripts), write, onRefused };
  const service = await MetadataService.listen(sockets.address(METADATA_SOCKET), content, context.log);
  let exit: GuestExit;
  try {
    progress.begin("appliance");
    log.state();
    instance.serial.setPatterns(install.patterns);
    signal.throwIfAborted();
    guest = await context.hypervisor.start(appliancePlan(install, disks), instance.serial.take);
    exit = await untilEnd(install, guest, reported);
  } finally {
    await guest?.end();
    await service.close();
    await sockets.close();
    write.end();
    instance.serial.flush();
  }
  judge(install, exitStatus, exit);
}

/** Until nothing of the guest runs; throws the install's own reason when it must end before. */
async function untilEnd(install: Install, guest: RunningGuest, reported: Promise<"reported">): Promise<GuestExit> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      // The reason is the error that ends the install.
      reject(install.signal.reason as Error);
    };
    if (install.signal.aborted) onAbort();
    else install.signal.addEventListener("abort", onAbort, { once: true });
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

function judge(install: Install, exitStatus: number | null, exit: GuestExit): void {
  const step = install.progress.step;
  const where = step === null ? {} : { step };
  if (exitStatus === null) {
    const how = exit.by === "failure" ? exit.reason : "The virtual machine ended";
    throw new SlipwayError("guest_silent", `${how.replace(/\.$/, "")}; how the script went was never reported.`, where);
  }
  if (exitStatus !== 0) throw new SlipwayError("script_failed", `The script ended with exit status ${String(exitStatus)}.`, where);
}

function takeGuestLine(install: Install, line: GuestLine): void {
  const { log, progress } = install;
  if (line.kind === "log") {
    log.add({ kind: "log", text: line.text, step: progress.step, percent: null });
    return;
  }
  const step = progress.guestSaid(line.step, line.percent, line.message);
  log.add({ kind: "progress", text: line.message, step, percent: line.percent });
}

function appliancePlan({ order, instance, context }: Install, disks: readonly number[]): GuestPlan {
  // Relative to the guest's folder: QEMU works there, and its options then hold names that are known to be harmless.
  const blob = (digest: string): string => relative(instance.folder, context.blobs.path(digest));
  const image: GuestDisk[] =
    order.os.imageDigest === null ? [] : [{ file: blob(order.os.imageDigest), serial: IMAGE_SERIAL, readOnly: true, unsafeCache: false }];
  return {
    kind: "appliance",
    id: instance.id,
    folder: instance.folder,
    vcpus: Math.min(order.instance.vcpus, availableParallelism()),
    memoryMib: applianceMemoryMib(order.instance.memoryMib),
    boot: { kernel: blob(order.appliance.kernelDigest), initrd: blob(order.appliance.initrdDigest) },
    // The agent makes the new disk durable before the swap; until then it may be lost.
    disks: [...disks.map((index): GuestDisk => ({ file: newDiskFile(index), serial: diskSerial(index), readOnly: false, unsafeCache: true })), ...image],
    nics: [],
    channel: true,
  };
}

function documentsOf(install: Install, disks: readonly number[], scripts: readonly TarScript[]): Pick<MetadataContent, "documents" | "read" | "onContact"> {
  const { order, context, progress, log } = install;
  const archive = context.blobs.path(order.os.untrustedDigest);
  const json = (text: () => string) => (): Promise<MetadataBody> => Promise.resolve({ kind: "text", text: text(), type: "application/json" });
  const documents = new Map<string, () => Promise<MetadataBody>>([
    ["meta_data.json", json(() => buildMetadata(order, install.token, new Set(disks)))],
    ["os/parameters.json", json(() => buildParameters(order.parameters))],
    ["os/untrusted.tar", async () => ({ kind: "file", path: archive, length: await context.blobs.size(order.os.untrustedDigest) })],
    ...scripts.map((script): [string, () => Promise<MetadataBody>] => [
      `os/scripts/${script.name}`,
      async () => ({ kind: "text", text: (await readTarScript(archive, script)).toString("utf8"), type: "text/plain" }),
    ]),
  ]);
  return {
    documents,
    read: new ReadPipe(),
    onContact: () => {
      install.lastContactAt = new Date().toISOString();
      if (progress.step !== "appliance") return;
      progress.finish();
      log.state();
    },
  };
}
