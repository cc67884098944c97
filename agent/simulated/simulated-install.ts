import { setTimeout as delay } from "node:timers/promises";
import type { InstallError, InstallOrder, InstallStatus } from "#lib/agent-protocol/messages.ts";
import { type ErrorCode, isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { type InstallState, isFinal } from "#lib/domain/install-states.ts";
import type { Message } from "../channel/guest-ear.ts";
import { InstallLog } from "../installs/install-log.ts";
import { Lease } from "../installs/lease.ts";
import { InstallProgress } from "../installs/progress.ts";
import type { Journal } from "../journal/journal.ts";
import type { SimulatedBehaviour } from "./behaviour.ts";

export interface SimulatedInstallOptions {
  readonly order: InstallOrder;
  readonly behaviour: SimulatedBehaviour;
  readonly journal: Journal;
  readonly boots: boolean;
  /** Milliseconds that one unit of simulated work takes; 0: as quickly as events can be written. */
  readonly workMs: number;
  readonly onVanish: () => void;
  /** The commit: the simulated instance is the new one from here on. */
  readonly onCommit: () => void;
}

/** Units of simulated work in one step of the guest. */
const UNITS_PER_STEP = 4;

/** An install that does nothing but say what a real one would say, in the real one's words and order. */
export class SimulatedInstall {
  readonly order: InstallOrder;
  readonly lease: Lease;
  readonly #options: SimulatedInstallOptions;
  readonly #log: InstallLog;
  readonly #progress: InstallProgress;
  readonly #ending = new AbortController();
  readonly #timeout: NodeJS.Timeout | null;
  #status: InstallStatus;
  #lastContactAt: string | null = null;

  constructor(options: SimulatedInstallOptions) {
    const { order, journal, boots } = options;
    this.order = order;
    this.#options = options;
    this.#progress = new InstallProgress({ guestSteps: order.os.steps, diskMib: order.instance.disks[0]?.sizeMib ?? 0, boots, verifies: order.os.verify, stops: false });
    this.#status = {
      id: order.id,
      instanceId: order.instance.id,
      state: "accepted",
      percent: 0,
      step: null,
      steps: this.#progress.steps,
      error: null,
      committed: false,
      firstBootAt: null,
      lastContactAt: null,
    };
    this.#log = new InstallLog({ journal, installId: order.id, status: () => this.status, firstEntry: 1, onNumber: () => undefined });
    this.lease = new Lease(order.leaseSeconds, () => {
      this.stop("lease_expired", "No controller renewed the lease of this install in time.");
    });
    const { timeoutSeconds } = order;
    this.#timeout = timeoutSeconds === null ? null : setTimeout(() => this.stop("timed_out", `The install took longer than ${String(timeoutSeconds)} seconds.`), timeoutSeconds * 1_000);
    this.#log.state();
  }

  get status(): InstallStatus {
    if (isFinal(this.#status.state)) return this.#status;
    const { percent, step, steps } = this.#progress;
    return { ...this.#status, percent, step, steps, lastContactAt: this.#lastContactAt };
  }

  stop(code: ErrorCode, message: string): void {
    const { step } = this.#progress;
    this.#ending.abort(new SlipwayError(code, message, step === null ? {} : { step }));
  }

  /** A message for the simulated appliance, which reads it at once. */
  hear({ author, line }: Message): void {
    this.#log.add({ kind: "message", author, text: line, step: this.#progress.step, percent: null });
  }

  /** Never throws. Resolves when the install has ended. */
  async run(): Promise<void> {
    const { boots, onCommit } = this.#options;
    try {
      this.#enter("queued");
      this.#enter("preparing");
      this.#progress.begin("prepare");
      await this.#work();
      this.#progress.finish();
      if (this.order.os.verify) {
        this.#progress.begin("verify");
        await this.#work();
        this.#progress.finish();
      }
      this.#enter("installing");
      this.#progress.begin("appliance");
      await this.#work();
      await this.#runGuest();
      this.#progress.guestFinished();
      this.#enter("verifying");
      this.#progress.begin("swap");
      await this.#work();
      this.#ending.signal.throwIfAborted();
      this.#status = { ...this.#status, committed: true };
      this.lease.end();
      onCommit();
      if (boots) {
        this.#enter("starting");
        this.#progress.begin("boot");
        await this.#work();
        this.#status = { ...this.#status, firstBootAt: new Date().toISOString() };
      }
      this.#progress.complete();
      this.#end("done", null);
    } catch (error) {
      const failure = isSlipwayError(error) ? error : new SlipwayError("internal", "The simulation failed.", { cause: error });
      const state = failure.code === "cancelled" || failure.code === "timed_out" ? failure.code : "failed";
      this.#end(state, { code: failure.code, message: failure.message, step: failure.step ?? null });
    }
  }

  async #runGuest(): Promise<void> {
    const { behaviour, order, onVanish } = this.#options;
    for (const [index, step] of order.os.steps.entries()) {
      this.#say(step.id, 0, step.label);
      await this.#work();
      if (behaviour.kind === "vanishes") onVanish();
      if (behaviour.kind === "vanishes" || behaviour.kind === "hangs") await this.#forEver();
      if (behaviour.kind === "fails" && behaviour.atStep === index + 1) {
        throw new SlipwayError("script_failed", "The script ended with exit status 1.", { step: step.id });
      }
      if (behaviour.kind === "powers-off") {
        throw new SlipwayError("guest_silent", "The virtual machine ended without reporting how the script went.", { step: step.id });
      }
      if (behaviour.kind === "chatters") await this.#chatter(Math.ceil(behaviour.lines / order.os.steps.length), step.id);
      for (let unit = 1; unit <= UNITS_PER_STEP; unit += 1) {
        await this.#work();
        this.#say(step.id, (unit / UNITS_PER_STEP) * 100, null);
      }
    }
  }

  async #chatter(lines: number, step: string): Promise<void> {
    for (let n = 1; n <= lines; n += 1) {
      this.#log.add({ kind: "log", author: "guest", text: `line ${String(n)} of ${String(lines)}`, step, percent: null });
      if (n % 500 === 0) {
        this.#log.flush();
        await this.#work();
      }
    }
  }

  #say(step: string, percent: number, message: string | null): void {
    this.#lastContactAt = new Date().toISOString();
    const id = this.#progress.guestSaid(step, percent, message);
    this.#log.add({ kind: "progress", author: "guest", text: message, step: id, percent });
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    try {
      await delay(this.#options.workMs, undefined, { signal });
    } catch {
      // The reason is the error that ends the install.
      throw signal.reason as Error;
    }
  }

  #forEver(): Promise<never> {
    return new Promise((_resolve, reject) => {
      const { signal } = this.#ending;
      const onAbort = (): void => {
        // As above.
        reject(signal.reason as Error);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #enter(state: InstallState): void {
    this.#status = { ...this.status, state };
    this.#log.state();
  }

  #end(state: InstallState, error: InstallError | null): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    this.lease.end();
    this.#status = { ...this.status, state, error };
    this.#log.state();
    this.#log.close();
  }
}
