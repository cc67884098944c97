import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Duplex } from "node:stream";
import type { ApplianceRef, ChannelMessage, GuestData, InstanceRuntime, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { GuestEar } from "../channel/guest-ear.ts";
import type { Eraser } from "../disk-orders/erase.ts";
import type { GuestExit, GuestPlan, Hypervisor, RunningGuest } from "../hypervisor/hypervisor.ts";
import { diskFile } from "../installs/disks.ts";
import type { Journal } from "../journal/journal.ts";
import { HostKeyReader } from "../logs/host-key-reader.ts";
import { SerialLog } from "../logs/serial-log.ts";
import type { Networks } from "../network/guest-network.ts";
import { discardDisks } from "../disk-orders/instance-files.ts";
import { InstanceConsole } from "./instance-console.ts";
import type { FirstBootChannel } from "./first-boot-channel.ts";
import { type InstanceNetwork, openInstanceNetwork } from "./instance-network.ts";
import { pressAndWait } from "./press-and-wait.ts";
import { planInstance, planRescue, type RescueAppliance } from "./instance-plan.ts";
import { type InstanceRecord, loadInstanceRecord, NEW_INSTANCE, saveInstanceRecord } from "./instance-record.ts";
import { RememberedIds } from "./remembered-ids.ts";

export interface InstanceContext {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly eraser: Eraser;
  readonly hypervisor: Hypervisor;
  readonly networks: Networks;
  readonly journal: Journal;
  readonly log: Logger;
  /** The node's name. */
  readonly node: string;
}

/** One instance on this node: its folder, its record, its serial log and, while it runs, its guest and what connects it. */
export class Instance {
  readonly id: string;
  readonly folder: string;
  readonly serial: SerialLog;
  readonly #context: InstanceContext;
  readonly #hostKeys: HostKeyReader;
  readonly #console = new InstanceConsole();
  readonly #messages = new RememberedIds();
  #record: InstanceRecord = NEW_INSTANCE;
  #guest: RunningGuest | null = null;
  #network: InstanceNetwork | null = null;
  /** In memory alone, and as long as it runs. */
  #guestData: GuestData | null = null;
  /** Of an install's appliance, which is spoken to in the instance's place. */
  #applianceEar: GuestEar | null = null;
  /** Of an install, in the instance's place: its appliance, or the system of its medium. */
  #installGuest: RunningGuest | null = null;
  /** What connected a guest that is gone is being taken down. */
  #closing: Promise<void> = Promise.resolve();
  /** The install that holds it. Until it lets go power orders, disk orders and removal are refused. */
  installId: string | null = null;
  /** The disk order that holds it, likewise. */
  diskOrderId: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  /** When fewer values are to be left out. */
  #fewerPatterns: NodeJS.Timeout | undefined;

  private constructor(id: string, context: InstanceContext) {
    this.id = id;
    this.folder = context.folder;
    this.#context = context;
    this.#hostKeys = new HostKeyReader((keys) => {
      context.journal.append({ type: "instance.host-keys", instanceId: id, keys });
    });
    this.serial = new SerialLog(join(context.folder, "serial.log"), context.log, this.#hostKeys);
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

  /** It runs the appliance with a shell, not its own system. */
  get isRescued(): boolean {
    return this.isRunning && this.#record.rescue;
  }

  get guest(): RunningGuest | null {
    return this.#guest;
  }

  /** What the guest that runs may read of itself. */
  get guestData(): GuestData | null {
    return this.#guestData;
  }

  /** Whether it runs with a channel and this agent hasn't got its private values. */
  get wantsGuestData(): boolean {
    return this.#network?.channel?.wantsGuestData ?? false;
  }

  get runtime(): InstanceRuntime {
    const startedAt = this.#guest?.startedAt.toISOString() ?? null;
    const reach = [...(this.#network?.network.reach ?? [])];
    return { instanceId: this.id, power: this.isRunning ? "running" : "stopped", startedAt, rescue: this.isRescued, installId: this.installId, reach, ...this.#context.journal.position };
  }

  /** Refuses where an install or a disk order has it. `field`: what the caller named it in. */
  refuseIfHeld(field?: string): void {
    const details = field === undefined ? {} : { field };
    if (this.installId !== null) throw new SlipwayError("conflict", "The instance is being installed.", details);
    if (this.diskOrderId !== null) throw new SlipwayError("conflict", "The instance's disks are being worked on.", details);
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

  /** From here on these values are left out of what the guest says, wherever it says it; null: nothing of that is kept. */
  setPatterns(patterns: ScrubPatterns | null): void {
    clearTimeout(this.#fewerPatterns);
    this.serial.setPatterns(patterns);
    if (patterns !== null) this.#console.setPatterns(patterns);
    else if (!this.isRescued) this.#console.end();
    this.#network?.channel?.setPatterns(patterns);
  }

  /**
   * These patterns take the place of the present ones after so many seconds: nobody sees when a new system has booted, and what it says
   * until then may hold what it was installed with.
   */
  setPatternsIn(seconds: number, patterns: ScrubPatterns): void {
    clearTimeout(this.#fewerPatterns);
    this.#fewerPatterns = setTimeout(() => {
      this.setPatterns(patterns);
    }, seconds * 1_000);
    this.#fewerPatterns.unref();
  }

  /**
   * Starts it from its first disk. Its patterns are to be set before.
   *
   * @param guestData what it may read of itself; null: that is still to come
   * @param firstBoot while its install waits for its report; null: there is none, or it is over
   */
  async start(spec: InstanceSpec, guestData: GuestData | null, firstBoot: FirstBootChannel | null = null): Promise<void> {
    if (this.#guest !== null) return;
    this.#refuseWithoutDisk();
    const { hypervisor } = this.#context;
    await this.#closing;
    await hypervisor.clear(this.folder);
    const network = await this.#openNetwork("open", spec, guestData, firstBoot);
    try {
      // Before it runs: an agent that is killed from here on finds again what belongs to the guest.
      await this.save({ started: spec, startedUserData: guestData?.userDataMark ?? null, rescue: false, reach: [...network.network.reach] });
      this.#hostKeys.open();
      this.#hold(await this.#run(planInstance(this.folder, spec, network.network)), network, guestData);
    } catch (error) {
      this.#hostKeys.close();
      await network.close();
      throw error;
    }
    this.#tell("running", null);
  }

  /** Refuses what can't be its rescue system. Returns what can. */
  async checkRescue(appliance: ApplianceRef): Promise<RescueAppliance> {
    this.#refuseWithoutDisk();
    const { contract, kernelDigest, initrdDigest, rootDigest } = appliance;
    if (contract < 2 || rootDigest === null) {
      throw new SlipwayError("unsupported", "The cluster's appliance can't be a rescue system: that takes a full userland and version 2 of the contract.", { field: "appliance" });
    }
    for (const digest of [kernelDigest, initrdDigest, rootDigest]) {
      if (!(await this.#context.blobs.has(digest))) throw new SlipwayError("unknown_object", "The node doesn't have a file of the rescue system.", { field: "appliance" });
    }
    return { ...appliance, rootDigest };
  }

  /** Starts the appliance with a shell on its serial console in its place, on its disks (design: install, "Around it": rescue boot). */
  async startRescue(spec: InstanceSpec, appliance: RescueAppliance): Promise<void> {
    if (this.#guest !== null) return;
    await this.#closing;
    await this.#context.hypervisor.clear(this.folder);
    await this.save({ started: spec, startedUserData: null, rescue: true });
    this.#hold(await this.#run(planRescue(this.folder, spec, appliance, this.#context.blobs)), null, null);
    this.#tell("running", null);
  }

  /** Connects a stream to the serial console of what runs; refused where nothing runs, or somebody is there already. */
  openConsole(accept: () => Duplex): void {
    const guest = this.#guest ?? this.#installGuest;
    if (guest === null) throw new SlipwayError("conflict", "The instance doesn't run: there is nobody at its serial console.");
    const { patterns } = this.serial;
    // Who has a shell on the disks reads what is on them, whatever is left out of it.
    if (patterns === null && !this.isRescued) {
      throw new SlipwayError("conflict", "The agent was restarted and doesn't know which values it must leave out of what the console shows; it does once the instance is started again.");
    }
    this.#console.connect(guest, patterns, accept);
  }

  /** Takes over a guest that survived a restart of the agent, with its channel; says where there was one that didn't. */
  async adopt(): Promise<"adopted" | "lost" | "none"> {
    const guest = await this.#context.hypervisor.adopt(this.folder, this.hear);
    if (typeof guest === "string") return guest;
    if (this.#record.rescue) {
      this.#hold(guest, null, null);
      return "adopted";
    }
    this.#hostKeys.open();
    const spec = this.#record.started ?? this.#record.spec;
    let network: InstanceNetwork | null = null;
    try {
      network = spec === null ? null : await this.#openNetwork("reopen", spec, null, null);
    } catch (error) {
      this.#context.log.error({ err: error, instance: this.id }, "a guest that goes on can't be given its channel again");
    }
    this.#hold(guest, network, null);
    return "adopted";
  }

  /**
   * Gives a guest that was adopted what it may read of itself. One that has it already keeps what it has. Where its user data were changed
   * since it was started, it knows what nobody else does any more: what it says stays closed until its next start.
   */
  async setGuestData(guestData: GuestData, patterns: ScrubPatterns): Promise<void> {
    await this.inTurn(() => {
      const channel = this.#network?.channel ?? null;
      if (channel === null) throw new SlipwayError("conflict", "The instance doesn't run with a communication channel.");
      if (!channel.wantsGuestData) return Promise.resolve();
      this.#guestData = guestData;
      channel.setGuestData(guestData);
      const { startedUserData } = this.#record;
      if (startedUserData === null || startedUserData === guestData.userDataMark) this.setPatterns(patterns);
      return Promise.resolve();
    });
  }

  /** The install of the system that runs is over: what only that was served is gone. */
  endFirstBoot(): void {
    this.#network?.channel?.endFirstBoot();
  }

  /** While this lasts, an install's appliance is who is spoken to. Returns what ends it. */
  lendEar(ear: GuestEar): () => void {
    this.#applianceEar = ear;
    return () => {
      if (this.#applianceEar === ear) this.#applianceEar = null;
    };
  }

  /** While this lasts, an install's guest is who is met at the serial console. Returns what ends it. */
  lendConsole(guest: RunningGuest): () => void {
    this.#installGuest = guest;
    return () => {
      if (this.#installGuest !== guest) return;
      this.#installGuest = null;
      this.#console.end();
    };
  }

  /** Says something to the guest that has a channel now; the same message again says nothing. */
  say({ id, author, line }: ChannelMessage): void {
    if (this.#messages.has(id)) return;
    const ear = this.#applianceEar ?? this.#network?.channel?.ear;
    if (ear === undefined) throw new SlipwayError("conflict", "No guest of the instance has a communication channel now.");
    ear.say({ author, line });
    this.#messages.add(id);
  }

  /** What is told of its SSH host keys from here on is another system's. */
  forgetHostKeys(): void {
    this.#hostKeys.forget();
  }

  /** Stops it: by its own means within the grace, in seconds, and then at once. Resolves when nothing runs. */
  async stop(graceSeconds: number): Promise<void> {
    const guest = this.#guest;
    if (guest !== null) {
      // Nobody listens to the button of a rescue system.
      if (graceSeconds > 0 && !this.#record.rescue) await pressAndWait(guest, graceSeconds);
      if (this.#guest === guest) await guest.end();
      await guest.exited;
    }
    await this.#closing;
  }

  /** Lets the guest go on without the agent. */
  async release(): Promise<void> {
    const [guest, network] = [this.#guest, this.#network];
    this.#guest = null;
    this.#network = null;
    this.#console.end();
    await guest?.release();
    await network?.release();
    this.#hostKeys.close();
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

  /** Removes everything that it has on this node; with `erase` its disks, snapshots and previous disks are overwritten. */
  async remove(erase: boolean): Promise<void> {
    await this.stop(0);
    await this.clearVerification();
    if (existsSync(this.folder)) await this.#context.hypervisor.clear(this.folder);
    await this.serial.settled();
    if (erase) await discardDisks(this.folder, this.#context.eraser);
    await rm(this.folder, { recursive: true, force: true });
    this.#record = NEW_INSTANCE;
    // With them goes what a first boot was still to be kept from showing.
    this.setPatterns(new ScrubPatterns([]));
  }

  tellStopped(reason: string): void {
    this.#tell("stopped", reason);
  }

  #refuseWithoutDisk(): void {
    if (existsSync(join(this.folder, diskFile(0)))) return;
    throw new SlipwayError("conflict", "The instance has no disk on this node: nothing is installed.");
  }

  #run(plan: GuestPlan): Promise<RunningGuest> {
    return this.#context.hypervisor.start(plan, this.hear);
  }

  /** Takes what its guest says on the serial console, or an install's in its place. */
  readonly hear = (bytes: Buffer): void => {
    this.serial.take(bytes);
    this.#console.take(bytes);
  };

  #openNetwork(how: "open" | "reopen", spec: InstanceSpec, guestData: GuestData | null, firstBoot: FirstBootChannel | null): Promise<InstanceNetwork> {
    const { networks, journal, log, node } = this.#context;
    return openInstanceNetwork(how, { networks, journal, log, node, folder: this.folder, spec, reach: this.#record.reach, guestData, patterns: this.serial.patterns, guest: () => this.#guest, firstBoot });
  }

  #hold(guest: RunningGuest, network: InstanceNetwork | null, guestData: GuestData | null): void {
    this.#guest = guest;
    this.#network = network;
    this.#guestData = guestData;
    void guest.exited.then((exit) => {
      if (this.#guest !== guest) return;
      this.#guest = null;
      this.#network = null;
      this.#guestData = null;
      this.#closing = network?.close() ?? Promise.resolve();
      this.serial.flush();
      this.#console.end();
      this.#hostKeys.close();
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
    this.#context.journal.append({ type: "instance.power", instanceId: this.id, power, reason: reason?.slice(0, 1_000) ?? null, rescue: this.isRescued, reach: this.runtime.reach });
  }
}
