import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { AgentStep } from "../installs/progress.ts";

/** What a simulated install does. Steps of the agent's own are named as the real one's (agent/installs/progress.ts). */
export type SimulatedBehaviour =
  | { readonly kind: "succeeds" }
  /** Its script ends with exit status 1 in this step, counted from 1. */
  | { readonly kind: "fails"; readonly atStep: number }
  /** Fails in this step of the agent's own, where the order has it. */
  | { readonly kind: "fails-at"; readonly step: AgentStep }
  /** Stays in this step of the agent's own until it is told to go on, cancelled, or out of time. */
  | { readonly kind: "holds"; readonly step: AgentStep }
  /** Says nothing more after its first step and goes on for ever. */
  | { readonly kind: "hangs" }
  /** Writes so many lines. */
  | { readonly kind: "chatters"; readonly lines: number }
  /** Ends without a report. */
  | { readonly kind: "powers-off" }
  /** Where its first boot, or its medium, is to report: it reports this. */
  | { readonly kind: "reports"; readonly exitStatus: number }
  /** Likewise: it never does. */
  | { readonly kind: "stays-silent" }
  /** From its first step on the whole agent answers nothing and ends every connection, until it is brought back. */
  | { readonly kind: "vanishes" };

/** Decides by the order, typically by the instance's name. */
export type BehaviourOf = (order: InstallOrder) => SimulatedBehaviour;

const STEPS: readonly AgentStep[] = ["prepare", "package", "media", "verify", "image", "copy", "stop", "appliance", "host", "medium", "personalize", "swap", "boot"];

/**
 * By a word in the instance's name: `fails-3.example.org` fails at step 3, `fails-at-image` and `holds-at-swap` in the agent's own steps;
 * `hangs`, `chatters-5000`, `powers-off`, `reports-1`, `stays-silent` and `vanishes` likewise; any other name succeeds.
 */
export const behaviourByName: BehaviourOf = ({ instance }) => {
  const { name } = instance;
  const number = (word: string, otherwise: number): number => Number(new RegExp(`${word}-(\\d{1,6})`).exec(name)?.[1] ?? otherwise);
  const step = (word: string): AgentStep | undefined => STEPS.find((candidate) => new RegExp(`${word}-at-${candidate}(?![a-z])`).test(name));
  const failing = step("fails");
  if (failing !== undefined) return { kind: "fails-at", step: failing };
  const holding = step("holds");
  if (holding !== undefined) return { kind: "holds", step: holding };
  if (name.includes("fails")) return { kind: "fails", atStep: number("fails", 3) };
  if (name.includes("hangs")) return { kind: "hangs" };
  if (name.includes("chatters")) return { kind: "chatters", lines: number("chatters", 5_000) };
  if (name.includes("powers-off")) return { kind: "powers-off" };
  if (name.includes("reports")) return { kind: "reports", exitStatus: number("reports", 1) };
  if (name.includes("stays-silent")) return { kind: "stays-silent" };
  if (name.includes("vanishes")) return { kind: "vanishes" };
  return { kind: "succeeds" };
};
