/**
 * Characters of a text that nobody sees, or that change the order in which others are seen. Who decides by a text whether
 * something may run on hosts must see all of it: one class, for what is refused in texts and for what is written out of files.
 */

/**
 * Controls but tab and line feed; formats and what fonts leave out by default (zero-width ones, fillers, selectors of variants,
 * tags, everything that steers the direction of text); ends of lines and paragraphs that aren't line feeds; halves of
 * characters; and the blank of Braille, which looks like a space and is none.
 */
const CLASS = String.raw`(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]`;
const UNSEEN = new RegExp(CLASS, "u");
const EVERY_UNSEEN = new RegExp(CLASS, "gu");

/** Whether a text of one or more lines has a character that can't be seen; a tab or a line feed is none. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}

/** Whether a text is one line that can be read: something can be seen of it, and all of it can. */
export function isReadableLine(text: string): boolean {
  return /\S/.test(text) && !/[\t\n]/.test(text) && !hasUnseen(text);
}

export interface VisibleText {
  readonly text: string;
  /** How many characters were written out. */
  readonly written: number;
}

/** `rm -rf ⟨U+202E⟩` for a text that would run backwards in most viewers. */
export function visibleText(text: string): VisibleText {
  let written = 0;
  const visible = text.replace(EVERY_UNSEEN, (character) => {
    written += 1;
    return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
  return { text: visible, written };
}
