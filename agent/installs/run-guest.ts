import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { NicSpec, Reach } from "#lib/agent-protocol/messages.ts";
import type { GuestLine } from "#lib/domain/guest-lines.ts";
import { GuestEar } from "../channel/guest-ear.ts";
import { HOST_PIPE_SOCKET, HostPipe } from "../channel/host-pipe.ts";
import { limitConnections } from "../channel/limit-connections.ts";
import { SocketFolder } from "../folder-sockets.ts";
import { RUN_FOLDER } from "../hypervisor/guest-folder.ts";
import type { GuestExit, GuestPlan, RunningGuest } from "../hypervisor/hypervisor.ts";
import type { SerialLog } from "../logs/serial-log.ts";
import type { GuestStreams, MetadataContent, MetadataTree } from "../metadata/metadata-content.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import type { GuestNetwork } from "../network/guest-network.ts";
import type { Install } from "./install.ts";

/** One guest of an install: what it is, what it is served, and what becomes of what it says. */
export interface GuestRun {
  /** Where it lives: no two guests share a folder. */
  readonly folder: string;
  /** What the helper calls it. */
  readonly key: string;
  readonly serial: SerialLog;
  readonly nics: readonly NicSpec[];
  readonly reach: readonly Reach[];
  /** Of its channel, in system mode. */
  readonly channelIp: string | null;
  readonly requireTokens: boolean;
  readonly tree: (token: string) => MetadataTree;
  readonly streams: GuestStreams | null;
  readonly plan: (network: GuestNetwork) => GuestPlan;
  /** Called with the pipe of a trusted script on the host that takes part, before the guest is started (agent/channel/host-pipe.ts); null: none does. */
  readonly onPipe: ((path: string) => void) | null;
  readonly onLine: (line: GuestLine) => void;
  readonly onContact: () => void;
  /** It has reported, by the runner's word. */
  readonly onReport: () => void;
  /** Until nothing of it runs. Throws where it must end before. */
  readonly untilEnd: (guest: RunningGuest, reported: Promise<"reported">) => Promise<GuestExit>;
  readonly signal: AbortSignal;
}

/** How it went. */
export interface GuestEnd {
  readonly exit: GuestExit;
  /** What it reported with this run's one-time token; null: it never did. */
  readonly exitStatus: number | null;
  /** The last line that it said, scrubbed like all of them. */
  readonly lastWords: string | null;
}

/**
 * Runs a guest of an install and waits for its end. When it resolves or throws nothing of the guest runs any more, and what it was
 * served, secrets among it, is gone.
 */
export async function runGuest(install: Install, run: GuestRun): Promise<GuestEnd> {
  const { context, log, instance } = install;
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
  const ear = new GuestEar({ read, patterns: () => install.patterns, step: () => install.progress.step, onLine: log.add.bind(log) });
  const content: MetadataContent = {
    tree: run.tree(token),
    requireTokens: run.requireTokens,
    isComplete: null,
    read,
    write,
    streams: run.streams,
    onContact: run.onContact,
    onRefused: limitConnections({ guest: () => guest, onNotice, log: context.log }),
    onNotice,
  };
  const sockets = await SocketFolder.open(runFolder);
  const takeEarBack = instance.lendEar(ear);
  // One that has a log of its own runs beside the instance, and isn't met at its console.
  const isInPlace = run.serial === instance.serial;
  let takeConsoleBack = (): void => undefined;
  let network: GuestNetwork | null = null;
  let exit: GuestExit;
  try {
    network = await context.networks.open({ folder: run.folder, key: run.key, nics: run.nics, reach: run.reach, channel: { ip: run.channelIp, content }, onNotice });
    if (run.onPipe !== null) {
      hostPipe = await HostPipe.listen(sockets.address(HOST_PIPE_SOCKET), ear, context.log);
      run.onPipe(join(runFolder, HOST_PIPE_SOCKET));
    }
    run.serial.setPatterns(install.patterns);
    run.signal.throwIfAborted();
    guest = await context.hypervisor.start(run.plan(network), isInPlace ? instance.hear : run.serial.take);
    if (isInPlace) takeConsoleBack = instance.lendConsole(guest);
    exit = await run.untilEnd(guest, report.reported);
  } finally {
    takeEarBack();
    await guest?.end();
    takeConsoleBack();
    await network?.close();
    write.end();
    // It is gone from its folder at once. A script that doesn't read what it was told must not keep the guest's end from being known: its
    // connection goes with it.
    void hostPipe?.close();
    await sockets.close();
    run.serial.flush();
  }
  return { exit, exitStatus: report.exitStatus, lastWords: report.lastWords };
}

/** How the guest's work went, by its word. */
class Report {
  exitStatus: number | null = null;
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
