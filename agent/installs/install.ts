import type { Logger } from "pino";
import type { GuestData, InstallError, InstallFacts, InstallOrder, InstallStatus } from "#lib/agent-protocol/messages.ts";
import { type ErrorCode, SlipwayError } from "#lib/domain/errors.ts";
import { type ActiveInstallState, type FinalInstallState, isFinal, mayFollow } from "#lib/domain/install-states.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Eraser } from "../disk-orders/erase.ts";
import type { ExportStore } from "../exports/export-store.ts";
import type { HostScripts } from "../host-scripts/host-scripts.ts";
import type { Hypervisor } from "../hypervisor/hypervisor.ts";
import type { ImageCache } from "../imaging/image-cache.ts";
import type { Instance } from "../instances/instance.ts";
import type { Journal } from "../journal/journal.ts";
import { sealedGuestData } from "../instances/guest-patterns.ts";
import type { Networks } from "../network/guest-network.ts";
import { InstallLog } from "./install-log.ts";
import type { InstallRecord, InstallRecords } from "./install-record.ts";
import { Lease } from "./lease.ts";
import { planProgress } from "./plan-progress.ts";
import { InstallProgress } from "./progress.ts";
import type { Retention } from "./retention.ts";
import type { Rooms } from "./room.ts";
import type { Slots } from "./slots.ts";
import type { SourcePolicy } from "../sources/source-policy.ts";
import { Wait } from "./wait.ts";

/** What an install works with. */
export interface InstallContext {
  readonly blobs: BlobStore;
  readonly hypervisor: Hypervisor;
  readonly networks: Networks;
  readonly journal: Journal;
  readonly records: InstallRecords;
  readonly eraser: Eraser;
  readonly retention: Retention;
  readonly slots: Slots;
  readonly rooms: Rooms;
  readonly images: ImageCache;
  /** Folders of the node in which images and media may lie. */
  readonly imageFolders: readonly string[];
  readonly hostScripts: HostScripts;
  readonly exports: ExportStore;
  readonly log: Logger;
  /** Seconds for a definition's verify script, within the install's own limit. */
  readonly verifySeconds: number;
}

/** Entries are numbered ahead in blocks of this many, so that a restarted agent gives out no number twice. */
const ENTRY_BLOCK = 1_000;
/** That a guest asks for something is told no more often, where nothing else is. */
const CONTACT_MS = 5_000;

export interface SystemBefore {
  /** What was left out of what it said; null: not known. */
  readonly patterns: ScrubPatterns | null;
  readonly guestData: GuestData | null;
}

/** An install under way: its order with its values, in memory only, and its record, on disk, without them. */
export class Install {
  readonly order: InstallOrder;
  readonly instance: Instance;
  readonly context: InstallContext;
  readonly log: InstallLog;
  readonly progress: InstallProgress;
  readonly lease: Lease;
  readonly #ending = new AbortController();
  #patterns: ScrubPatterns | null = null;
  #before: SystemBefore | null = null;
  #timeout: NodeJS.Timeout | null = null;
  #wait: Wait | null = null;
  #record: InstallRecord;
  #lastContactAt: string | null = null;
  #toldContactAt = Number.NEGATIVE_INFINITY;
  /** What is told while the end is being written down: an install isn't over before it has let go of its instance. */
  #told: InstallStatus | null = null;

  /** @param waitedMs since the order came: its lease counts from there */
  constructor(order: InstallOrder, instance: Instance, record: InstallRecord, context: InstallContext, waitedMs = 0) {
    this.order = order;
    this.instance = instance;
    this.context = context;
    this.#record = record;
    this.progress = new InstallProgress(planProgress(order, { boots: record.boots, stops: record.previous.wasRunning }));
    this.log = new InstallLog({
      journal: context.journal,
      installId: order.id,
      status: () => this.status,
      firstEntry: 1,
      onNumber: (n) => {
        this.#reserveEntries(n);
      },
    });
    this.lease = new Lease(order.leaseSeconds - waitedMs / 1_000, () => {
      this.stop("lease_expired", "No controller renewed the lease of this install in time.");
    });
    if (order.timeoutSeconds !== null) {
      const { timeoutSeconds } = order;
      this.#timeout = setTimeout(() => {
        if (this.#wait === null) this.stop("timed_out", `The install took longer than ${String(timeoutSeconds)} seconds.`);
        else this.#wait.end("late");
      }, timeoutSeconds * 1_000);
    }
  }

  get id(): string {
    return this.order.id;
  }

  get record(): InstallRecord {
    return this.#record;
  }

  /** Everything that must not be shown: private and secret values. */
  get patterns(): ScrubPatterns {
    if (this.#patterns === null) throw new Error("nothing of the guest may be read before its values are known");
    return this.#patterns;
  }

  /** Prepares `patterns`: once, when the install has its slot, because those of large values take some memory. */
  async preparePatterns(): Promise<void> {
    this.#patterns ??= await ScrubPatterns.prepare(sealedGuestData(this.order));
  }

  /** What belongs to the system that was there before, in memory alone, for when everything is put back as it was. */
  get before(): SystemBefore {
    return this.#before ?? { patterns: this.instance.serial.patterns, guestData: this.instance.guestData };
  }

  /** From here on the instance's place is the appliance's. */
  keepBefore(): void {
    this.#before ??= this.before;
  }

  /** What the installed system may read of itself: public and private parameters, and its user data. No secret. */
  get guestData(): GuestData {
    const parameters = new Map([...this.order.parameters].filter(([, { visibility }]) => visibility !== "secret"));
    const { userData, userDataMark } = this.order;
    return { parameters, userData, userDataMark };
  }

  /** Aborted when the install must end: cancelled, out of time, without a lease, or the agent is shutting down. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get status(): InstallStatus {
    return this.#told ?? this.#current;
  }

  get #current(): InstallStatus {
    const { status } = this.#record;
    if (isFinal(status.state)) return status;
    const { progress } = this;
    return { ...status, percent: progress.percent, step: progress.step, steps: progress.steps, lastContactAt: this.#lastContactAt };
  }

  /** From where this install may take what it is made of. */
  get policy(): SourcePolicy {
    return { allowPrivate: this.order.allowPrivate, folders: this.context.imageFolders };
  }

  /** What it is made of, as it was found; told with the next event. */
  learn(facts: Partial<InstallFacts>): void {
    const { status } = this.#record;
    this.#record = { ...this.#record, status: { ...status, facts: { ...status.facts, ...facts } } };
  }

  /** Completion `first_boot`: whether somebody said that it worked. */
  confirm(isConfirmed: boolean): void {
    const { status } = this.#record;
    if (this.order.completion === "first_boot") this.#record = { ...this.#record, status: { ...status, confirmed: isConfirmed } };
  }

  /** A guest of this install has asked for something or said something. */
  contact(): void {
    this.#lastContactAt = new Date().toISOString();
    const now = performance.now();
    if (now - this.#toldContactAt < CONTACT_MS) return;
    this.#toldContactAt = now;
    this.log.state();
  }

  /**
   * Until somebody says that a guest's own work is over (design: install, "first boot"): an administrator, or the end of the install's
   * time, which is no failure while this lasts. It must be closed.
   */
  wait(): Wait {
    const wait = new Wait(() => {
      if (this.#wait === wait) this.#wait = null;
    });
    this.#wait = wait;
    return wait;
  }

  /** An administrator ends the wait for a first boot's report. */
  complete(): void {
    if (this.#wait === null) throw new SlipwayError("conflict", "The install doesn't wait for a first boot's report now.");
    this.#wait.end("completed");
  }

  /** Asks the install to end. The first reason counts. */
  stop(code: ErrorCode, message: string): void {
    this.#ending.abort(new SlipwayError(code, message, this.progress.step === null ? {} : { step: this.progress.step }));
  }

  /** The guest has reported, or what is left is the agent's own: the time limit has done its work. */
  endTimeout(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    this.#timeout = null;
  }

  /** Stores a change of the record. */
  async save(change: Partial<InstallRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.context.records.save({ ...this.#record, status: this.#current });
  }

  /** Goes on to the next state, durably, and tells. */
  async enter(state: ActiveInstallState): Promise<void> {
    const { status } = this.#record;
    if (!mayFollow(status.state, state)) throw new Error(`an install can't go from ${status.state} to ${state}`);
    await this.save({ status: { ...this.status, state } });
    this.context.log.info({ install: this.id, instance: this.instance.id, state }, "an install went on");
    this.log.state();
  }

  /** The end, one way or another: nothing of the order is needed any more. */
  async close(state: FinalInstallState, error: InstallError | null, change: Partial<InstallRecord>): Promise<void> {
    this.endTimeout();
    this.lease.end();
    this.#patterns = null;
    this.context.rooms.release(this.id);
    if (!mayFollow(this.#record.status.state, state)) throw new Error(`an install can't go from ${this.#record.status.state} to ${state}`);
    this.#told = this.status;
    // One write: a crash in between would leave an install that is neither over nor under way.
    await this.save({ ...change, phase: "closed", status: { ...this.status, ...change.status, error, state } });
    this.#letGo();
  }

  /** The end is known, and couldn't be written down. */
  async closeAgain(): Promise<void> {
    await this.save({});
    this.#letGo();
  }

  #letGo(): void {
    const { state, error } = this.#record.status;
    this.#told = null;
    this.instance.installId = null;
    this.context.log.info({ install: this.id, instance: this.instance.id, state, code: error?.code }, "an install ended");
    this.log.state();
    this.log.close();
  }

  #reserveEntries(n: number): void {
    if (n + ENTRY_BLOCK / 2 < this.#record.reservedEntries) return;
    // The half block still free is ahead of what the write takes.
    this.save({ reservedEntries: n + ENTRY_BLOCK }).catch((error: unknown) => {
      this.context.log.error({ err: error, install: this.id }, "an install's record can't be written");
    });
  }
}
