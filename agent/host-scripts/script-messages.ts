import { SlipwayError } from "#lib/domain/errors.ts";
import { HELPER_CODES, type HelperCode } from "../network/helper-lines.ts";

/** What slipway-script says (helper/script.c). */
export type ScriptMessage =
  | { readonly kind: "started" }
  | { readonly kind: "ended"; readonly status: number; readonly why: (typeof REASONS)[number] }
  | { readonly kind: "error"; readonly code: HelperCode; readonly sentence: string }
  /** The helper has gone, and with it the script. */
  | { readonly kind: "lost" };

const REASONS = ["exit", "asked", "time", "memory", "helper"] as const;

/** A line without its line feed; null where it isn't one. */
export function parseScriptMessage(line: string): ScriptMessage | null {
  if (line === "started" || line === "lost") return { kind: line };
  const ended = /^ended status=(\d{1,3}) why=([a-z]+)$/.exec(line);
  const why = REASONS.find((known) => known === ended?.[2]);
  if (why !== undefined) return { kind: "ended", status: Number(ended?.[1]), why };
  const error = /^error ([a-z_]+) (.*)$/.exec(line);
  const code = HELPER_CODES.find((known) => known === error?.[1]);
  return code === undefined ? null : { kind: "error", code, sentence: error?.[2] ?? "" };
}

/** How a run ended that has no exit status. Sentences of the helper's name no value and no path but the agent's own. */
export function scriptFailure(message: ScriptMessage | null): SlipwayError {
  if (message?.kind === "error") {
    switch (message.code) {
      case "not_allowed":
        return new SlipwayError("unsupported", `This node runs no scripts on itself: ${message.sentence}.`);
      case "taken":
        return new SlipwayError("conflict", `This node runs no further script now: ${message.sentence}.`);
      case "invalid":
      case "unknown":
      case "failed":
        return new SlipwayError("internal", `The script can't be started on the node: ${message.sentence}.`);
    }
  }
  if (message?.kind === "ended" && message.why === "time") return new SlipwayError("timed_out", "The script on the node had more time than the node's administrator gives one.");
  if (message?.kind === "ended" && message.why === "memory") return new SlipwayError("script_failed", "The script on the node needed more memory than the node's administrator gives one.");
  return new SlipwayError("internal", "The node's privileged helper has gone, and the script on the node with it.");
}
