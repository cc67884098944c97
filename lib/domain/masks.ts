import { REDACTED } from "./visibility.ts";

/** Three or more of one character that programs write over a password. */
const DRAWN_MASK = /^([*•●x])\1{2,}$/i;
/** Words that stand in brackets of any kind in the place of a value. */
const BRACKETED_MASK = /^(?:\[(?:redacted|filtered|masked|hidden|sensitive)\]|<(?:redacted|filtered|masked|hidden|sensitive)>|\((?:redacted|filtered|masked|hidden|sensitive)\))$/;
const NAMED_MASKS = new Set([REDACTED, "redacted", "(sensitive value)"]);

/**
 * Whether a text is what programs show in the place of a value. Clients that write back what they read must not set a
 * password to it, so it is refused as a private or secret value (design: visibility, "No mask in a value field").
 */
export function isMask(text: string): boolean {
  const trimmed = text.trim().toLowerCase();
  return DRAWN_MASK.test(trimmed) || BRACKETED_MASK.test(trimmed) || NAMED_MASKS.has(trimmed);
}
