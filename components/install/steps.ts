import type { InstallView } from "#lib/domain/views.ts";
import { isFinal } from "#lib/domain/install-states.ts";

/** A step as the line of steps shows it. */
export interface ShownStep {
  readonly id: string;
  readonly label: string;
  readonly status: "done" | "now" | "failed" | "cancelled" | "ahead" | "skipped";
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/**
 * The steps of an install in order, those ahead included: what has begun as it went, then what the plan still expects. An
 * install that ended otherwise than `done` has the step at which it failed or was cancelled, and nothing ahead of it.
 */
export function shownSteps(install: Pick<InstallView, "state" | "steps" | "plan" | "step" | "error">): readonly ShownStep[] {
  const known = new Set(install.steps.map((step) => step.id));
  const ahead = install.plan.steps.filter((step) => !known.has(step.id)).map((step) => ({ ...step, startedAt: null, endedAt: null }));
  const final = isFinal(install.state);
  const failedStep = install.error?.step ?? (final && install.state !== "done" ? lastBegun(install.steps) : null);
  return [...install.steps, ...ahead].map((step) => ({
    id: step.id,
    label: step.label,
    status: statusOf(step, failedStep, install.state),
    startedAt: step.startedAt === null ? null : Date.parse(step.startedAt),
    endedAt: step.endedAt === null ? null : Date.parse(step.endedAt),
  }));
}

interface Timed {
  readonly id: string;
  readonly label: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

function statusOf(step: Timed, failedStep: string | null, state: InstallView["state"]): ShownStep["status"] {
  if (failedStep !== null && (step.id === failedStep || step.label === failedStep)) return state === "cancelled" ? "cancelled" : "failed";
  if (step.endedAt !== null) return "done";
  if (step.startedAt !== null) return isFinal(state) ? (state === "done" ? "done" : "skipped") : "now";
  return isFinal(state) ? "skipped" : "ahead";
}

function lastBegun(steps: readonly Timed[]): string | null {
  return steps.findLast((step) => step.startedAt !== null && step.endedAt === null)?.id ?? null;
}

/** The label of a step; its id, made readable, where the plan doesn't name it. */
export function stepLabel(install: Pick<InstallView, "steps" | "plan">, id: string): string {
  return install.steps.find((step) => step.id === id)?.label ?? install.plan.steps.find((step) => step.id === id)?.label ?? id;
}
