import { setTimeout as delay } from "node:timers/promises";
import type { InstallError, InstallFacts, InstallOrder, InstallStatus } from "#lib/agent-protocol/messages.ts";
import { type ErrorCode, isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { type InstallState, isFinal } from "#lib/domain/install-states.ts";
import type { Message } from "../channel/guest-ear.ts";
import { InstallLog } from "../installs/install-log.ts";
import { Lease } from "../installs/lease.ts";
import { confirmsFirstBoot, hasMedium, runsIn, stopsFirst, writesInPlace } from "../installs/order-facts.ts";
import { planProgress } from "../installs/plan-progress.ts";
import { type AgentStep, InstallProgress } from "../installs/progress.ts";
import { unlessAborted } from "../installs/until.ts";
import { Wait } from "../installs/wait.ts";
import type { Journal } from "../journal/journal.ts";
import type { SimulatedBehaviour } from "./behaviour.ts";
import { simulatedArchive, simulatedImage, simulatedMedia } from "./simulated-facts.ts";

/** What an install does to its simulated instance, at the points at which a real one does it. */
export interface SimulatedEffects {
  stop(): void;
  /** In place: what was on the disk is gone. */
  overwrite(): void;
  commit(): void;
  start(): void;
  stopAgain(): void;
  /** Disk and power as they were before, as far as they can be. */
  putBack(isCommitted: boolean): void;
  exportFiles(): InstallFacts["files"];
}

export interface SimulatedInstallOptions {
  readonly order: InstallOrder;
  readonly behaviour: SimulatedBehaviour;
  readonly journal: Journal;
  /** Whether it is started afterwards, and whether it runs now. */
  readonly boots: boolean;
  readonly stops: boolean;
  /** Milliseconds that one unit of simulated work takes; 0: as quickly as events can be written. */
  readonly workMs: number;
  readonly onVanish: () => void;
  readonly effects: SimulatedEffects;
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
  #wait: Wait | null = null;
  #goOn: () => void = () => undefined;
  #isStopped = false;
  #status: InstallStatus;
  #lastContactAt: string | null = null;

  constructor(options: SimulatedInstallOptions) {
    const { order, journal, boots, stops } = options;
    this.order = order;
    this.#options = options;
    this.#progress = new InstallProgress(planProgress(order, { boots, stops }));
    this.#status = {
      id: order.id,
      instanceId: order.instance.id,
      state: "accepted",
      percent: 0,
      step: null,
      steps: this.#progress.steps,
      error: null,
      committed: false,
      overwritten: false,
      confirmed: null,
      facts: { image: null, package: null, media: [], files: [] },
      firstBootAt: null,
      lastContactAt: null,
    };
    this.#log = new InstallLog({ journal, installId: order.id, status: () => this.status, firstEntry: 1, onNumber: () => undefined });
    this.lease = new Lease(order.leaseSeconds, () => {
      this.stop("lease_expired", "No controller renewed the lease of this install in time.");
    });
    const { timeoutSeconds } = order;
    const onTimeout = (): void => {
      if (this.#wait === null) this.stop("timed_out", `The install took longer than ${String(timeoutSeconds)} seconds.`);
      else this.#wait.end("late");
    };
    this.#timeout = timeoutSeconds === null ? null : setTimeout(onTimeout, timeoutSeconds * 1_000);
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

  /** An administrator ends the wait for a first boot's report. */
  complete(): void {
    if (isFinal(this.#status.state)) return;
    if (this.#wait === null) throw new SlipwayError("conflict", "The install doesn't wait for a first boot's report now.");
    this.#wait.end("completed");
  }

  /** One that holds goes on. */
  goOn(): void {
    this.#goOn();
  }

  /** A message for the simulated appliance, which reads it at once. */
  hear({ author, line }: Message): void {
    this.#log.add({ kind: "message", author, text: line, step: this.#progress.step, percent: null });
  }

  /** Never throws. Resolves when the install has ended. */
  async run(): Promise<void> {
    try {
      this.#enter("queued");
      await this.#prepare();
      await this.#fill();
      await this.#stopSystem();
      await this.#runScripts();
      if (hasMedium(this.order)) await this.#runMedium();
      if (this.order.package !== null) {
        this.#enter("personalizing");
        await this.#own("personalize");
      }
      await this.#commit();
      await this.#start();
      this.#progress.complete();
      this.#end("done", null);
    } catch (error) {
      const failure = isSlipwayError(error) ? error : new SlipwayError("internal", "The simulation failed.", { cause: error });
      const state = failure.code === "cancelled" || failure.code === "timed_out" ? failure.code : "failed";
      this.#options.effects.putBack(this.#status.committed);
      this.#status = { ...this.#status, committed: false };
      this.#end(state, { code: failure.code, message: failure.message, step: failure.step ?? null });
    }
  }

  async #prepare(): Promise<void> {
    const { order } = this;
    this.#enter("preparing");
    await this.#own("prepare");
    if (order.package !== null) {
      await this.#own("package");
      this.#learn({ package: simulatedArchive(order.package.url) });
    }
    if (hasMedium(order)) {
      await this.#own("media");
      this.#learn({ media: simulatedMedia(order.medium) });
    }
    if (order.os?.verify === true) await this.#own("verify");
  }

  async #fill(): Promise<void> {
    const { order } = this;
    if (stopsFirst(order)) await this.#stopSystem();
    const copies = order.operation === "rename" && !writesInPlace(order);
    if (order.image !== null || copies) this.#enter("imaging");
    if (writesInPlace(order)) {
      this.#status = { ...this.#status, overwritten: true };
      this.#options.effects.overwrite();
      this.#log.state();
    }
    if (copies) await this.#own("copy");
    if (order.image === null) return;
    await this.#own("image");
    this.#learn({ image: simulatedImage(order.image, order.instance.disks[0]?.sizeMib ?? 0) });
  }

  async #stopSystem(): Promise<void> {
    if (!this.#options.stops || this.#isStopped) return;
    this.#isStopped = true;
    await this.#own("stop");
    this.#options.effects.stop();
  }

  async #runScripts(): Promise<void> {
    const { order } = this;
    if (order.os === null) return;
    this.#enter("installing");
    if (runsIn(order, "appliance")) await this.#own("appliance");
    if (runsIn(order, "host")) await this.#own("host");
    await this.#runGuest(order.os.steps);
    this.#progress.guestFinished();
    if (order.operation === "export") this.#learn({ files: this.#options.effects.exportFiles() });
  }

  async #runGuest(steps: NonNullable<InstallOrder["os"]>["steps"]): Promise<void> {
    const { behaviour, onVanish } = this.#options;
    for (const [index, step] of steps.entries()) {
      this.#say(step.id, 0, step.label);
      await this.#work();
      if (behaviour.kind === "vanishes") onVanish();
      if (behaviour.kind === "vanishes" || behaviour.kind === "hangs") await this.#orEnd(new Promise<never>(() => undefined));
      if (behaviour.kind === "fails" && behaviour.atStep === index + 1) {
        throw new SlipwayError("script_failed", "The script ended with exit status 1.", { step: step.id });
      }
      if (behaviour.kind === "powers-off") {
        throw new SlipwayError("guest_silent", "The virtual machine ended without reporting how the script went.", { step: step.id });
      }
      if (behaviour.kind === "chatters") await this.#chatter(Math.ceil(behaviour.lines / steps.length), step.id);
      for (let unit = 1; unit <= UNITS_PER_STEP; unit += 1) {
        await this.#work();
        this.#say(step.id, (unit / UNITS_PER_STEP) * 100, null);
      }
    }
  }

  async #runMedium(): Promise<void> {
    if (this.#status.state !== "installing") this.#enter("installing");
    await this.#own("medium", () => this.#report("medium"));
  }

  async #commit(): Promise<void> {
    const { order } = this;
    this.#enter("verifying");
    if (order.operation !== "export") {
      await this.#own("swap");
      this.#ending.signal.throwIfAborted();
      this.#options.effects.commit();
      this.#status = { ...this.#status, committed: true };
    }
    this.lease.end();
  }

  async #start(): Promise<void> {
    const { boots, effects } = this.#options;
    const confirms = confirmsFirstBoot(this.order);
    if (!boots && !confirms) return;
    this.#enter("starting");
    await this.#own("boot", async () => {
      effects.start();
      await this.#work();
      if (confirms) await this.#report("boot");
    });
    if (!confirms || this.#status.confirmed === true) this.#status = { ...this.#status, firstBootAt: new Date().toISOString() };
    if (!boots) effects.stopAgain();
  }

  /** Completion `first_boot`: the guest says how it went, or somebody or the clock ends the wait. */
  async #report(step: AgentStep): Promise<void> {
    const { behaviour } = this.#options;
    const wait = new Wait(() => {
      this.#wait = null;
    });
    this.#wait = wait;
    try {
      const isSilent = behaviour.kind === "stays-silent" || behaviour.kind === "hangs";
      const exitStatus = behaviour.kind === "reports" ? behaviour.exitStatus : 0;
      const first = isSilent ? await this.#orEnd(wait.ended) : exitStatus;
      if (typeof first === "number" && first !== 0) throw new SlipwayError("script_failed", `The system reported exit status ${String(first)}.`, { step });
      if (this.order.completion === "first_boot") this.#status = { ...this.#status, confirmed: first !== "late" };
      if (first === "late") this.#log.notice("Ended, unconfirmed: the system didn't report before the time was up.");
    } finally {
      wait.close();
    }
  }

  /** A step of the agent's own. */
  async #own(step: AgentStep, work: () => Promise<void> = () => this.#work()): Promise<void> {
    const { behaviour } = this.#options;
    this.#progress.begin(step);
    this.#log.state();
    this.#ending.signal.throwIfAborted();
    if (behaviour.kind === "holds" && behaviour.step === step) await this.#orEnd(new Promise<void>((resolve) => (this.#goOn = resolve)));
    if (behaviour.kind === "fails-at" && behaviour.step === step) throw new SlipwayError("internal", `The simulation fails at ${step}.`, { step });
    await work();
    this.#progress.finish();
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
    await this.#orEnd(delay(this.#options.workMs));
  }

  #orEnd<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(work, this.#ending.signal);
  }

  #learn(facts: Partial<InstallFacts>): void {
    this.#status = { ...this.#status, facts: { ...this.#status.facts, ...facts } };
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
