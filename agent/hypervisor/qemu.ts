import { type ChildProcess, execFile, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, open, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { SocketFolder } from "../folder-sockets.ts";
import { launcherRefusal } from "../network/helper-refusal.ts";
import { RUN_FOLDER } from "./guest-folder.ts";
import { loadGuestState, saveGuestState } from "./guest-state.ts";
import type { Acceleration, GuestPlan, Hypervisor, RunningGuest, SerialSink } from "./hypervisor.ts";
import { cachedProbe, probeKvm } from "./probe-kvm.ts";
import { identify, isAlive, kill, processesIn, waitUntilGone } from "./processes.ts";
import { GUEST_FILES, qemuArguments } from "./qemu-arguments.ts";
import { lastWords, QemuGuest } from "./qemu-guest.ts";
import { QmpClient } from "./qmp-client.ts";
import { SerialSocket } from "./serial-socket.ts";

const QEMU = "qemu-system-x86_64";
/** Until QEMU has opened its files and sockets; a machine under load takes seconds. */
const START_MS = 30_000;
const GREETING_MS = 5_000;
const KVM_DEVICE = "/dev/kvm";

/** What hands a guest its TAPs (helper/PROTOCOL.md): the helper's socket, and the program that asks there and then becomes QEMU. */
export interface Launcher {
  readonly socket: string;
  readonly program: string;
}

/** The command that starts QEMU: without core dumps, and by way of the launcher where the guest has TAPs. */
export function startCommand(plan: GuestPlan, args: readonly string[], launcher: Launcher | null): readonly [string, ...string[]] {
  const command = ["prlimit", "--core=0", "--", QEMU, ...args] as const;
  if (plan.channel?.kind !== "tap" && !plan.nics.some(({ link }) => link.kind === "tap")) return command;
  if (launcher === null) throw new Error("a guest with interfaces of the helper's needs the launcher");
  return [launcher.program, "--helper", launcher.socket, "--guest", plan.key, "--", ...command];
}

/** Starts QEMU in its guest's folder, in a session of its own, so that it outlives the agent. */
function spawnQemu(folder: string, [program, ...args]: readonly [string, ...string[]], logFd: number): ChildProcess {
  const child = spawn(program, args, { cwd: folder, detached: true, stdio: ["ignore", logFd, logFd] });
  child.unref();
  return child;
}

export class Qemu implements Hypervisor {
  readonly version: string | null;
  #acceleration: Acceleration;
  readonly #dataDir: string;
  readonly #launcher: Launcher | null;
  #probing: Promise<Acceleration> | null = null;

  private constructor(dataDir: string, launcher: Launcher | null, version: string | null, acceleration: Acceleration) {
    this.#dataDir = dataDir;
    this.#launcher = launcher;
    this.version = version;
    this.#acceleration = acceleration;
  }

  /** `launcher`: in system mode. */
  static async open(dataDir: string, launcher: Launcher | null): Promise<Qemu> {
    return new Qemu(dataDir, launcher, await readVersion(), await knownAcceleration(dataDir));
  }

  get acceleration(): Acceleration {
    return this.#acceleration;
  }

  async probe(boot: { readonly kernel: string; readonly initrd: string }): Promise<Acceleration> {
    this.#probing ??= this.#probeOnce(boot);
    return this.#probing;
  }

  async #probeOnce(boot: { readonly kernel: string; readonly initrd: string }): Promise<Acceleration> {
    const unusable = await whyNotKvm();
    this.#acceleration = unusable === null ? await probeKvm(this.#dataDir, boot) : { accelerator: "tcg", reason: unusable };
    return this.#acceleration;
  }

  async start(plan: GuestPlan, serialSink: SerialSink): Promise<RunningGuest> {
    const run = join(plan.folder, RUN_FOLDER);
    await mkdir(run, { recursive: true, mode: 0o700 });
    for (const file of [GUEST_FILES.qmp, GUEST_FILES.pid, GUEST_FILES.log]) await rm(join(plan.folder, file), { force: true });
    const sockets = await SocketFolder.open(run);
    const serial = await SerialSocket.listen(sockets.address("serial.sock"), serialSink);
    let child: ChildProcess | null = null;
    try {
      const log = await open(join(plan.folder, GUEST_FILES.log), "a", 0o600);
      child = spawnQemu(plan.folder, startCommand(plan, qemuArguments(plan, this.#acceleration.accelerator), this.#launcher), log.fd);
      await log.close();
      await untilConnected(child, serial);
      const process = child.pid === undefined ? null : await identify(child.pid);
      if (process === null) throw new Error("QEMU ended at once");
      const startedAt = new Date();
      await saveGuestState(plan.folder, { ...process, kind: plan.kind, startedAt: startedAt.toISOString() });
      const qmp = await QmpClient.connect(sockets.address("qmp.sock"), GREETING_MS);
      return new QemuGuest({ folder: plan.folder, process, startedAt, sockets, serial, qmp });
    } catch (error) {
      child?.kill("SIGKILL");
      await serial.close();
      await sockets.close();
      const said = await lastWords(plan.folder);
      throw launcherRefusal(said) ?? new Error(`The virtual machine can't be started: ${said}`, { cause: error });
    }
  }

  async adopt(folder: string, serialSink: SerialSink): Promise<RunningGuest | "lost" | "none"> {
    const state = await loadGuestState(folder);
    if (state?.kind !== "instance" && state?.kind !== "rescue") return "none";
    if (!(await isAlive(state))) return "lost";
    const sockets = await SocketFolder.open(join(folder, RUN_FOLDER));
    try {
      const qmp = await QmpClient.connect(sockets.address("qmp.sock"), GREETING_MS);
      const serial = await SerialSocket.listen(sockets.address("serial.sock"), serialSink);
      const { pid, startTicks } = state;
      return new QemuGuest({ folder, process: { pid, startTicks }, startedAt: new Date(state.startedAt), sockets, serial, qmp });
    } catch {
      // It runs and can't be controlled: `clear` ends it.
      await sockets.close();
      return "lost";
    }
  }

  async clear(folder: string): Promise<void> {
    const processes = await processesIn(await realpath(folder));
    for (const process of processes) await kill(process);
    await Promise.all(processes.map((process) => waitUntilGone(process)));
    await rm(join(folder, RUN_FOLDER), { recursive: true, force: true });
  }
}

/** Until the console's connection comes in, which is when the monitor already listens. */
async function untilConnected(child: ChildProcess, serial: SerialSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error("QEMU doesn't come up"));
    }, START_MS);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    child.once("error", fail);
    child.once("exit", (code, signal) => {
      fail(new Error(`QEMU ended at its start (${String(code ?? signal)})`));
    });
    void serial.connected.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function readVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(QEMU, ["--version"], { timeout: 10_000 });
    return /version ([0-9.]+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Why hardware acceleration is out of the question without trying it; null where it is worth a try. */
async function whyNotKvm(): Promise<string | null> {
  try {
    await access(KVM_DEVICE, constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return `${KVM_DEVICE} is missing or closed to the agent's user`;
  }
}

async function knownAcceleration(dataDir: string): Promise<Acceleration> {
  const unusable = await whyNotKvm();
  if (unusable !== null) return { accelerator: "tcg", reason: unusable };
  return (await cachedProbe(dataDir)) ?? { accelerator: "tcg", reason: "not tried yet: the first install tries it" };
}
