import type { ExpectedStep } from "#lib/domain/os-definition.ts";
import { cutText, GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import type { InstallStep } from "#lib/agent-protocol/messages.ts";

/** The agent's own steps. */
export type AgentStep = "prepare" | "verify" | "stop" | "appliance" | "swap" | "boot";

/** Shares of the whole. What the guest's script does is nearly all of it. */
const WEIGHTS: Readonly<Record<AgentStep, number>> = { prepare: 2, verify: 8, stop: 6, appliance: 8, swap: 2, boot: 13 };
const GUEST_WEIGHT = 75;

interface Tracked {
  readonly id: string;
  readonly label: string;
  readonly source: "agent" | "guest";
  readonly weight: number;
  /** 0 to 1. */
  fraction: number;
  startedAt: string | null;
  endedAt: string | null;
}

export interface ProgressPlan {
  readonly guestSteps: readonly ExpectedStep[];
  /** Of the new first disk. */
  readonly diskMib: number;
  /** Whether the system is started afterwards. */
  readonly boots: boolean;
  /** Whether the definition looks at the parameters first. */
  readonly verifies: boolean;
  /** Whether a system runs that has to be stopped first. */
  readonly stops: boolean;
}

/** A guest's step that is called like one of the agent's gets a name of its own. */
function guestStepId(id: string): string {
  return id in WEIGHTS ? cutText(`os:${id}`, GUEST_LIMITS.stepIdLength) : id;
}

function diskSize(mib: number): string {
  return mib < 1_024 ? `${String(mib)} MiB` : `${String(Math.round((mib / 1_024) * 10) / 10)} GiB`;
}

/**
 * The steps of an install and how much of the whole is done. Moves only when the agent or the guest has said something,
 * and never backwards.
 */
export class InstallProgress {
  #steps: Tracked[];
  #current: Tracked | null = null;
  #percent = 0;
  #unknownSteps = 0;
  /** Share of the guest's part that it reported without naming steps. */
  #unnamed = 0;

  constructor(plan: ProgressPlan) {
    const own = (id: AgentStep, label: string): Tracked => ({ id, label, source: "agent", weight: WEIGHTS[id], fraction: 0, startedAt: null, endedAt: null });
    const total = plan.guestSteps.reduce((sum, { weight }) => sum + weight, 0);
    const guest = plan.guestSteps.map(
      ({ id, label, weight }): Tracked => ({ id: guestStepId(id), label, source: "guest", weight: (weight / total) * GUEST_WEIGHT, fraction: 0, startedAt: null, endedAt: null }),
    );
    this.#steps = [
      own("prepare", `New disk, ${diskSize(plan.diskMib)}`),
      ...(plan.verifies ? [own("verify", "Parameters verified")] : []),
      ...(plan.stops ? [own("stop", "Running system stopped")] : []),
      own("appliance", "Appliance started"),
      ...guest,
      own("swap", "Swap disks"),
      ...(plan.boots ? [own("boot", "First boot")] : []),
    ];
  }

  get steps(): InstallStep[] {
    return this.#steps.map(({ id, label, source, startedAt, endedAt }) => ({ id, label, source, startedAt, endedAt }));
  }

  /** Id of the step under way. */
  get step(): string | null {
    return this.#current?.id ?? null;
  }

  get percent(): number {
    return this.#percent;
  }

  /** The agent has begun a step of its own. What was under way has ended. */
  begin(id: AgentStep): void {
    const step = this.#steps.find((candidate) => candidate.id === id);
    if (step !== undefined) this.#enter(step);
  }

  /** The agent has ended the step under way. */
  finish(): void {
    this.#leave();
    this.#update();
  }

  /** The guest has said where it is. Returns the id under which the step is kept, null where it belongs to none. */
  guestSaid(step: string | null, percent: number | null, label: string | null): string | null {
    if (step !== null) this.#enterGuestStep(guestStepId(step), label ?? step);
    const current = this.#current?.source === "guest" ? this.#current : null;
    if (percent !== null) {
      if (current !== null) current.fraction = Math.max(current.fraction, percent / 100);
      else this.#unnamed = Math.max(this.#unnamed, percent / 100);
    }
    this.#update();
    return current?.id ?? null;
  }

  /** The guest's part is over. */
  guestFinished(): void {
    this.#leave();
    for (const step of this.#steps) if (step.source === "guest") step.fraction = 1;
    this.#unnamed = 1;
    this.#update();
  }

  /** Everything is over, well. */
  complete(): void {
    this.#leave();
    this.#percent = 100;
  }

  #enterGuestStep(id: string, label: string): void {
    if (this.#current?.id === id) return;
    const known = this.#steps.find((step) => step.id === id && step.source === "guest");
    if (known !== undefined) {
      // A definition's steps come in their order: those before are done or were passed over.
      for (const step of this.#steps.slice(0, this.#steps.indexOf(known))) if (step.source === "guest") step.fraction = 1;
      this.#enter(known);
      return;
    }
    if (this.#unknownSteps >= GUEST_LIMITS.unknownSteps) return;
    this.#unknownSteps += 1;
    const step: Tracked = { id, label: cutText(label, GUEST_LIMITS.stepLabelLength), source: "guest", weight: 0, fraction: 0, startedAt: null, endedAt: null };
    const swap = this.#steps.findIndex((candidate) => candidate.id === "swap");
    this.#steps.splice(swap, 0, step);
    this.#enter(step);
  }

  #enter(step: Tracked): void {
    this.#leave();
    step.startedAt ??= new Date().toISOString();
    step.endedAt = null;
    this.#current = step;
    this.#update();
  }

  #leave(): void {
    if (this.#current === null) return;
    this.#current.fraction = 1;
    this.#current.endedAt = new Date().toISOString();
    this.#current = null;
  }

  #update(): void {
    const guestTotal = this.#steps.reduce((sum, step) => (step.source === "guest" ? sum + step.weight : sum), 0);
    let done = guestTotal > 0 ? 0 : this.#unnamed * GUEST_WEIGHT;
    let total = guestTotal > 0 ? 0 : GUEST_WEIGHT;
    for (const { weight, fraction } of this.#steps) {
      done += weight * fraction;
      total += weight;
    }
    // 100 is for the end alone.
    this.#percent = Math.max(this.#percent, Math.min(99.9, Math.floor((done / total) * 1_000) / 10));
  }
}
