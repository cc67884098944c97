import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasErrnoCode } from "../files.ts";
import type { SocketFolder } from "../folder-sockets.ts";
import { forgetGuestState } from "./guest-state.ts";
import type { GuestExit, RunningGuest } from "./hypervisor.ts";
import { endBeyond, kill, type ProcessIdentity, waitUntilGone } from "./processes.ts";
import { GUEST_FILES } from "./qemu-arguments.ts";
import type { QmpClient } from "./qmp-client.ts";
import type { SerialSocket } from "./serial-socket.ts";

export interface QemuGuestParts {
  readonly folder: string;
  readonly process: ProcessIdentity;
  readonly startedAt: Date;
  readonly sockets: SocketFolder;
  readonly serial: SerialSocket;
  readonly qmp: QmpClient;
}

const QUIT_MS = 5_000;

/** One running QEMU, started by this process or by an earlier one of the agent. */
export class QemuGuest implements RunningGuest {
  readonly startedAt: Date;
  readonly exited: Promise<GuestExit>;
  readonly #parts: QemuGuestParts;
  #isEnding = false;
  #shutdown: { readonly guest: boolean; readonly reason: string } | null = null;

  constructor(parts: QemuGuestParts) {
    this.#parts = parts;
    this.startedAt = parts.startedAt;
    parts.qmp.on("event", (name, data) => {
      if (name === "SHUTDOWN") this.#shutdown = { guest: data["guest"] === true, reason: String(data["reason"]) };
    });
    // The monitor's end is the sign that QEMU ends, whoever started it.
    const monitorGone = new Promise<void>((resolve) => parts.qmp.once("close", resolve));
    this.exited = monitorGone.then(() => this.#cleanUp());
  }

  async pressPowerButton(): Promise<void> {
    await this.#parts.qmp.execute("system_powerdown");
  }

  endConnectionsBeyond(most: number): Promise<number> {
    // Each connection is a program that QEMU has started (agent/channel/session-channel.ts).
    return endBeyond(this.#parts.folder, this.#parts.process, most);
  }

  type(bytes: Buffer): Promise<void> {
    return this.#parts.serial.write(bytes);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    // `quit` lets QEMU write back what it holds. A QEMU that doesn't answer is killed.
    const timer = setTimeout(() => void kill(this.#parts.process), QUIT_MS);
    this.#parts.qmp.execute("quit").catch(() => kill(this.#parts.process));
    await this.exited;
    clearTimeout(timer);
  }

  async release(): Promise<void> {
    this.#parts.qmp.removeAllListeners();
    this.#parts.qmp.close();
    await this.#parts.serial.close();
    await this.#parts.sockets.close();
  }

  async #cleanUp(): Promise<GuestExit> {
    const { folder, process, serial, sockets, qmp } = this.#parts;
    qmp.close();
    // Without a SHUTDOWN event the monitor broke off while QEMU may go on: it can't be controlled any more.
    if (this.#shutdown === null && !this.#isEnding) await kill(process);
    await waitUntilGone(process);
    await serial.drained();
    await serial.close();
    await sockets.close();
    await forgetGuestState(folder);
    return this.#describeExit();
  }

  async #describeExit(): Promise<GuestExit> {
    const shutdown = this.#shutdown;
    if (shutdown?.guest === true) {
      const isPanic = shutdown.reason === "guest-panic";
      return { by: "guest", reason: isPanic ? "The system crashed." : "The system powered itself off." };
    }
    if (this.#isEnding || shutdown !== null) return { by: "agent", reason: "The virtual machine was ended." };
    const said = await lastWords(this.#parts.folder);
    return { by: "failure", reason: said === "" ? "QEMU ended without saying why." : `QEMU ended: ${said}` };
  }
}

/** The end of what QEMU wrote to its own log. */
export async function lastWords(folder: string): Promise<string> {
  try {
    const text = await readFile(join(folder, GUEST_FILES.log), "utf8");
    return text.trim().split("\n").slice(-3).join("; ").slice(-500);
  } catch (error) {
    if (hasErrnoCode(error, "ENOENT")) return "";
    throw error;
  }
}
