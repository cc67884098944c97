import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { InstanceRuntime, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import type { GuestExit, GuestPlan, Hypervisor, RunningGuest } from "../hypervisor/hypervisor.ts";
import { diskFile } from "../installs/disks.ts";
import type { Journal } from "../journal/journal.ts";
import { SerialLog } from "../logs/serial-log.ts";
import { diskSerial } from "../metadata/documents.ts";
import { type InstanceRecord, loadInstanceRecord, NEW_INSTANCE, saveInstanceRecord } from "./instance-record.ts";

export interface InstanceContext {
  readonly folder: string;
  readonly hypervisor: Hypervisor;
  readonly journal: Journal;
  readonly log: Logger;
}

/** One instance on this node: its folder, its record, its serial log and, while it runs, its guest. */
export class Instance {
  readonly id: string;
  readonly folder: string;
  readonly serial: SerialLog;
  readonly #context: InstanceContext;
  #record: InstanceRecord = NEW_INSTANCE;
  #guest: RunningGuest | null = null;
  /** The install that holds it. Power orders and removal wait until it lets go. */
  installId: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(id: string, context: InstanceContext) {
    this.id = id;
    this.folder = context.folder;
    this.#context = context;
    this.serial = new SerialLog(join(context.folder, "serial.log"), context.log);
  }

  static async open(id: string, context: InstanceContext): Promise<Instance> {
    const instance = new Instance(id, context);
    instance.#record = await loadInstanceRecord(context.folder);
    instance.serial.setPatterns(instance.#record.hasSealedValues ? null : new ScrubPatterns([]));
    return instance;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  get isRunning(): boolean {
    return this.#guest !== null;
  }

  get guest(): RunningGuest | null {
    return this.#guest;
  }

  get runtime(): InstanceRuntime {
    const startedAt = this.#guest?.startedAt.toISOString() ?? null;
    return { instanceId: this.id, power: this.isRunning ? "running" : "stopped", startedAt, installId: this.installId, ...this.#context.journal.position };
  }

  /** Does one thing at a time, in order of arrival. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async save(change: Partial<InstanceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await saveInstanceRecord(this.folder, this.#record);
  }

  /** Starts it from its first disk. */
  async start(spec: InstanceSpec): Promise<void> {
    if (this.#guest !== null) return;
    if (!existsSync(join(this.folder, diskFile(0)))) {
      throw new SlipwayError("conflict", "The instance has no disk on this node: nothing is installed.");
    }
    await this.#context.hypervisor.clear(this.folder);
    const guest = await this.#context.hypervisor.start(this.#plan(spec), this.serial.take);
    this.#hold(guest);
    this.#tell("running", null);
  }

  /** Takes over a guest that survived a restart of the agent; says where there was one that didn't. */
  async adopt(): Promise<"adopted" | "lost" | "none"> {
    const guest = await this.#context.hypervisor.adopt(this.folder, this.serial.take);
    if (typeof guest === "string") return guest;
    this.#hold(guest);
    return "adopted";
  }

  /** Stops it: by its own means within the grace, in seconds, and then at once. Resolves when nothing runs. */
  async stop(graceSeconds: number): Promise<void> {
    const guest = this.#guest;
    if (guest === null) return;
    if (graceSeconds > 0) {
      const grace = AbortSignal.timeout(graceSeconds * 1_000);
      const graceOver = new Promise<void>((resolve) => {
        grace.addEventListener("abort", () => {
          resolve();
        });
      });
      // A guest that is gone meanwhile has no button to press.
      await guest.pressPowerButton().catch(() => undefined);
      await Promise.race([guest.exited, graceOver]);
    }
    if (this.#guest === guest) await guest.end();
  }

  /** Lets the guest go on without the agent. */
  async release(): Promise<void> {
    const guest = this.#guest;
    this.#guest = null;
    await guest?.release();
    this.serial.flush();
    await this.serial.settled();
  }

  /** The place of a guest that looks at parameters while the instance's own runs: no two guests share a folder. */
  get verifyFolder(): string {
    return join(this.folder, "verify");
  }

  /** Ends what runs in there, known or not, and removes it. */
  async clearVerification(): Promise<void> {
    if (!existsSync(this.verifyFolder)) return;
    await this.#context.hypervisor.clear(this.verifyFolder);
    await rm(this.verifyFolder, { recursive: true, force: true });
  }

  /** Removes everything that it has on this node. */
  async remove(): Promise<void> {
    await this.stop(0);
    await this.clearVerification();
    if (existsSync(this.folder)) await this.#context.hypervisor.clear(this.folder);
    await this.serial.settled();
    await rm(this.folder, { recursive: true, force: true });
    this.#record = NEW_INSTANCE;
    this.serial.setPatterns(new ScrubPatterns([]));
  }

  tellStopped(reason: string): void {
    this.#tell("stopped", reason);
  }

  #plan(spec: InstanceSpec): GuestPlan {
    return {
      kind: "instance",
      id: this.id,
      folder: this.folder,
      vcpus: spec.vcpus,
      memoryMib: spec.memoryMib,
      boot: null,
      disks: spec.disks
        .map(({ index }) => ({ file: diskFile(index), serial: diskSerial(index), readOnly: false, unsafeCache: false }))
        .filter(({ file }) => existsSync(join(this.folder, file))),
      nics: spec.nics.map(({ mac }) => ({ mac })),
      channel: false,
    };
  }

  #hold(guest: RunningGuest): void {
    this.#guest = guest;
    void guest.exited.then((exit) => {
      if (this.#guest !== guest) return;
      this.#guest = null;
      this.serial.flush();
      this.#logExit(exit);
      this.#tell("stopped", exit.reason);
    });
  }

  #logExit(exit: GuestExit): void {
    const { log } = this.#context;
    if (exit.by === "failure") log.error({ instance: this.id, reason: exit.reason }, "a guest was lost");
    else log.info({ instance: this.id, by: exit.by }, "a guest ended");
  }

  #tell(power: "running" | "stopped", reason: string | null): void {
    this.#context.journal.append({ type: "instance.power", instanceId: this.id, power, reason: reason?.slice(0, 1_000) ?? null });
  }
}
