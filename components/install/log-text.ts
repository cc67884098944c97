import { REDACTED } from "#lib/domain/visibility.ts";

/** A part of a line: words, or the place of a value that was taken out on the node. */
export type LogPart = { readonly kind: "text"; readonly text: string } | { readonly kind: "redacted" };

/** Longer lines are cut in the page; the API has the whole of them. */
const SHOWN = 4000;

// The guest is hostile: terminal sequences, control characters and marks that turn the direction of writing are not shown.
const NOT_SHOWN = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Splits a line into what is shown. */
export function logParts(line: string): readonly LogPart[] {
  const clean = line.replace(NOT_SHOWN, "");
  const shown = clean.length > SHOWN ? `${clean.slice(0, SHOWN)} … (${clean.length - SHOWN} more characters)` : clean;
  return shown
    .split(REDACTED)
    .flatMap((text, index): LogPart[] => (index === 0 ? [{ kind: "text", text }] : [{ kind: "redacted" }, { kind: "text", text }]))
    .filter((part) => part.kind === "redacted" || part.text !== "");
}
