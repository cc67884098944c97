import type { InstallOrder } from "#lib/agent-protocol/messages.ts";

/** What a simulated install does. */
export type SimulatedBehaviour =
  | { readonly kind: "succeeds" }
  /** Its script ends with exit status 1 in this step, counted from 1. */
  | { readonly kind: "fails"; readonly atStep: number }
  /** Says nothing more after its first step and goes on for ever. */
  | { readonly kind: "hangs" }
  /** Writes so many lines. */
  | { readonly kind: "chatters"; readonly lines: number }
  /** Ends without a report. */
  | { readonly kind: "powers-off" }
  /** From its first step on the whole agent answers nothing and ends every connection, until it is brought back. */
  | { readonly kind: "vanishes" };

/** Decides by the order, typically by the instance's name. */
export type BehaviourOf = (order: InstallOrder) => SimulatedBehaviour;

/**
 * By a word in the instance's name: `fails-3.example.org` fails at step 3; `hangs`, `chatters-5000`, `powers-off` and `vanishes`
 * likewise; any other name succeeds.
 */
export const behaviourByName: BehaviourOf = ({ instance }) => {
  const { name } = instance;
  const number = (word: string, otherwise: number): number => Number(new RegExp(`${word}-(\\d{1,6})`).exec(name)?.[1] ?? otherwise);
  if (name.includes("fails")) return { kind: "fails", atStep: number("fails", 3) };
  if (name.includes("hangs")) return { kind: "hangs" };
  if (name.includes("chatters")) return { kind: "chatters", lines: number("chatters", 5_000) };
  if (name.includes("powers-off")) return { kind: "powers-off" };
  if (name.includes("vanishes")) return { kind: "vanishes" };
  return { kind: "succeeds" };
};
