/**
 * Text of files that somebody else wrote, for a person who decides by it whether to trust them: characters that can't be seen,
 * or that change the order in which others are seen, are written out. A line that looks like a comment must be one.
 */

// Controls but tab and line feed, the soft hyphen, zero-width ones, and everything that steers the direction of text.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

export interface VisibleText {
  readonly text: string;
  /** How many characters were written out. */
  readonly written: number;
}

/** `rm -rf ⟨U+202E⟩` for a text that would run backwards in most viewers. */
export function visibleText(text: string): VisibleText {
  let written = 0;
  const visible = text.replace(UNSEEN, (character) => {
    written += 1;
    return `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
  return { text: visible, written };
}

/** Lines of a file: an end of line at its end begins no further one. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
