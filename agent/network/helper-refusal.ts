import { type ErrorCode, SlipwayError } from "#lib/domain/errors.ts";
import { HELPER_CODES, type HelperCode } from "./helper-lines.ts";

const CODES: Readonly<Record<HelperCode, ErrorCode>> = { invalid: "invalid", unknown: "unknown_object", taken: "conflict", not_allowed: "not_allowed", failed: "unsupported" };

/** What the helper says no with (helper/PROTOCOL.md), as a refusal of ours. Its sentences hold nothing of a guest's. */
export function helperRefusal(code: HelperCode, sentence: string): SlipwayError {
  const said = sentence === "" ? code : sentence;
  if (code !== "failed") return new SlipwayError(CODES[code], `The node's network helper refuses: ${said}`);
  return new SlipwayError(CODES[code], `The node's network helper can't make a guest's interfaces: ${said}. An administrator has to look at the node.`);
}

/** The same out of the line with which the launcher gives up; null where it isn't that. */
export function launcherRefusal(said: string): SlipwayError | null {
  const match = /^slipway-launch: helper: ([a-z_]+) (.*)$/m.exec(said);
  const code = HELPER_CODES.find((known) => known === match?.[1]);
  return code === undefined ? null : helperRefusal(code, match?.[2] ?? "");
}
