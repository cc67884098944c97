import type { ChannelLine, HostKey, InstanceRuntime, InstanceSpec, PowerOrder, Reach } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { RUNNING_GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import type { Message } from "../channel/guest-ear.ts";
import { createChannelLog } from "../instances/channel-log.ts";
import { RememberedIds } from "../instances/remembered-ids.ts";
import type { Journal } from "../journal/journal.ts";
import type { LineGatherer } from "../logs/line-gatherer.ts";
import { SimulatedConsole } from "./simulated-console.ts";
import { SimulatedDisks } from "./simulated-disks.ts";

/** Why a guest that was stopped runs no more. */
export const ENDED = "The virtual machine was ended.";

const LOOPBACK = "127.0.0.1";
const FIRST_PORT = 20_000;

/** An instance of a simulated node: what is known of it, and a guest that only says what it is told to say. */
export class SimulatedInstance {
  readonly id: string;
  readonly orders = new Set<string>();
  readonly messages = new RememberedIds();
  readonly #journal: Journal;
  readonly #lines: LineGatherer;
  readonly disks = new SimulatedDisks();
  readonly console = new SimulatedConsole();
  installId: string | null = null;
  #startedAt: string | null = null;
  #spec: InstanceSpec | null = null;
  #hasGuestData = false;
  #isRescued = false;
  /** What the guest could read and hasn't. */
  #waiting: string[] = [];

  constructor(id: string, journal: Journal) {
    this.id = id;
    this.#journal = journal;
    this.#lines = createChannelLog(journal, id);
  }

  get isRunning(): boolean {
    return this.#startedAt !== null;
  }

  get isRescued(): boolean {
    return this.isRunning && this.#isRescued;
  }

  /** As of its last start. */
  get spec(): InstanceSpec | null {
    return this.#spec;
  }

  get wantsGuestData(): boolean {
    return this.#hasChannel && !this.#hasGuestData;
  }

  get runtime(): InstanceRuntime {
    return { instanceId: this.id, power: this.isRunning ? "running" : "stopped", startedAt: this.#startedAt, rescue: this.isRescued, installId: this.installId, reach: this.#reach, ...this.#journal.position };
  }

  refuseIfHeld(field?: string): void {
    if (this.installId !== null) throw new SlipwayError("conflict", "The instance is being installed.", field === undefined ? {} : { field });
  }

  start(spec: InstanceSpec, guestData: PowerOrder["guestData"]): void {
    if (!this.isRunning) this.#start(spec, guestData !== null, false);
  }

  startRescue(spec: InstanceSpec): void {
    if (!this.isRunning) this.#start(spec, true, true);
  }

  stop(reason: string): void {
    if (!this.isRunning) return;
    this.#startedAt = null;
    this.#waiting = [];
    this.#lines.flush();
    this.console.end();
    this.#journal.append({ type: "instance.power", instanceId: this.id, power: "stopped", reason, rescue: false, reach: [] });
  }

  setGuestData(): void {
    if (!this.#hasChannel) throw new SlipwayError("conflict", "The instance doesn't run with a communication channel.");
    this.#hasGuestData = true;
  }

  /** As after a restart of the agent's process. */
  forgetGuestData(): void {
    this.#hasGuestData = false;
  }

  hear({ author, line }: Message): void {
    if (!this.#hasChannel) throw new SlipwayError("conflict", "No guest of the instance has a communication channel now.");
    if (this.#waiting.length >= RUNNING_GUEST_LIMITS.waitingLines) throw new SlipwayError("too_many_requests", "The guest hasn't read what it was told before: no more can wait for it.");
    this.#waiting.push(line);
    this.#lines.add({ kind: "message", author, text: line, step: null, percent: null });
  }

  /** The guest reads what waits for it. */
  read(): string[] {
    return this.#waiting.splice(0);
  }

  say(text: string): void {
    const line: Omit<ChannelLine, "at"> = { kind: "log", author: "guest", text, step: null, percent: null };
    this.#lines.add(line);
  }

  showHostKeys(keys: readonly HostKey[]): void {
    this.#journal.append({ type: "instance.host-keys", instanceId: this.id, keys: [...keys] });
  }

  close(): void {
    this.console.end();
    this.#lines.close();
  }

  #start(spec: InstanceSpec, hasGuestData: boolean, isRescue: boolean): void {
    this.#startedAt = new Date().toISOString();
    this.#spec = spec;
    this.#hasGuestData = hasGuestData;
    this.#isRescued = isRescue;
    this.#journal.append({ type: "instance.power", instanceId: this.id, power: "running", reason: null, rescue: isRescue, reach: this.#reach });
  }

  get #hasChannel(): boolean {
    return this.isRunning && !this.#isRescued && this.#spec?.communication === true;
  }

  get #reach(): Reach[] {
    if (!this.isRunning || this.#isRescued) return [];
    const forwarded = (this.#spec?.nics ?? []).filter(({ mode }) => mode === "user").flatMap(({ index, forwards }) => forwards.map((guestPort) => ({ nic: index, guestPort })));
    return forwarded.map((place, index) => ({ ...place, host: LOOPBACK, port: FIRST_PORT + index }));
  }
}
