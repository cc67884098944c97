export { visibleText } from "#lib/domain/unseen-text.ts";
export type { VisibleText } from "#lib/domain/unseen-text.ts";

/** Lines of a file: an end of line at its end begins no further one. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
