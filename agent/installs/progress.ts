import type { ExpectedStep } from "#lib/domain/os-definition.ts";
import { cutText, GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import type { InstallStep } from "#lib/agent-protocol/messages.ts";

/** The agent's own steps. */
export type AgentStep = "prepare" | "package" | "media" | "verify" | "image" | "copy" | "stop" | "appliance" | "host" | "medium" | "personalize" | "swap" | "boot";

/** Shares of the whole. Where a script or a medium runs, it is nearly all of it. */
const WEIGHTS: Readonly<Record<AgentStep, number>> = {
  prepare: 2,
  package: 3,
  media: 8,
  verify: 8,
  image: 40,
  copy: 20,
  stop: 6,
  appliance: 8,
  host: 2,
  medium: 75,
  personalize: 12,
  swap: 2,
  boot: 13,
};
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

export interface OwnStep {
  readonly id: AgentStep;
  readonly label: string;
}

/** The steps of an install (agent/installs/plan-progress.ts). */
export interface ProgressPlan {
  /** Before what the script says. */
  readonly before: readonly OwnStep[];
  /** Whether a script runs that may say where it is. */
  readonly hasScript: boolean;
  readonly guestSteps: readonly ExpectedStep[];
  readonly after: readonly OwnStep[];
}

/** A guest's step that is called like one of the agent's gets a name of its own. */
function guestStepId(id: string): string {
  return id in WEIGHTS ? cutText(`os:${id}`, GUEST_LIMITS.stepIdLength) : id;
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
  readonly #hasScript: boolean;
  /** Ids of the agent's steps after the script, in their order: what the script brings along stands before them. */
  readonly #afterScript: readonly string[];

  constructor({ before, hasScript, guestSteps, after }: ProgressPlan) {
    const own = ({ id, label }: OwnStep): Tracked => ({ id, label, source: "agent", weight: WEIGHTS[id], fraction: 0, startedAt: null, endedAt: null });
    const total = guestSteps.reduce((sum, { weight }) => sum + weight, 0);
    const guest = guestSteps.map(
      ({ id, label, weight }): Tracked => ({ id: guestStepId(id), label, source: "guest", weight: (weight / total) * GUEST_WEIGHT, fraction: 0, startedAt: null, endedAt: null }),
    );
    this.#hasScript = hasScript;
    this.#steps = [...before.map(own), ...(hasScript ? guest : []), ...after.map(own)];
    this.#afterScript = after.map(({ id }) => id);
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

  /** The step under way has to wait for another. */
  pause(): void {
    this.#current = null;
  }

  /** How much of the agent's own step under way is done, 0 to 1. */
  advance(fraction: number): void {
    if (this.#current === null) return;
    this.#current.fraction = Math.max(this.#current.fraction, Math.min(1, fraction));
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
    const end = this.#steps.findIndex((candidate) => this.#afterScript.includes(candidate.id));
    this.#steps.splice(end < 0 ? this.#steps.length : end, 0, step);
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
    const isUnnamed = this.#hasScript && guestTotal === 0;
    let done = isUnnamed ? this.#unnamed * GUEST_WEIGHT : 0;
    let total = isUnnamed ? GUEST_WEIGHT : 0;
    for (const { weight, fraction } of this.#steps) {
      done += weight * fraction;
      total += weight;
    }
    // 100 is for the end alone.
    this.#percent = Math.max(this.#percent, Math.min(99.9, Math.floor((done / total) * 1_000) / 10));
  }
}
