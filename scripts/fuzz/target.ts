import { isSlipwayError } from "#lib/domain/errors.ts";
import { Random } from "./random.ts";

/** Something that reads what comes from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** The same random numbers make the same case. */
  make(random: Random): Buffer;
  /** Reads a case. What it answers with, or the SlipwayError that it throws, is one kind of outcome; anything else is a failure. */
  run(bytes: Buffer): Promise<string>;
}

/** Milliseconds that one case may take, on a machine that does other things too. */
export const CASE_MS = 3_000;
/** Characters of an error's message. */
const LONGEST_MESSAGE = 262_144;

export type CaseResult = { readonly ok: true; readonly outcome: string } | { readonly ok: false; readonly problem: string };

export function makeCase(target: FuzzTarget, seed: number, index: number): Buffer {
  return target.make(new Random(seed, index));
}

/** Runs a case. Right is a result, or a SlipwayError that isn't `internal`, in bounded time. */
export async function runCase(target: FuzzTarget, bytes: Buffer): Promise<CaseResult> {
  const began = performance.now();
  const result = await judge(target, bytes);
  const milliseconds = Math.round(performance.now() - began);
  return milliseconds > CASE_MS ? { ok: false, problem: `it took ${milliseconds} ms` } : result;
}

async function judge(target: FuzzTarget, bytes: Buffer): Promise<CaseResult> {
  try {
    return { ok: true, outcome: await target.run(bytes) };
  } catch (error) {
    if (!isSlipwayError(error)) return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    if (error.code === "internal") return { ok: false, problem: `internal: ${error.message}` };
    if (error.message.length > LONGEST_MESSAGE) return { ok: false, problem: `a message of ${error.message.length} characters` };
    return { ok: true, outcome: `${error.code}: ${kindOf(error.message)}` };
  }
}

/** A message without names and numbers: what is left tells kinds of refusals apart. */
function kindOf(message: string): string {
  return message.replace(/^\S{0,200}: /, "").replaceAll(/\d+/g, "#").slice(0, 60);
}
