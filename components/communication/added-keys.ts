/** Lines of a text, each a key; empty ones and comments left out, those that are there already too. */
export function addedKeys(text: string, present: readonly string[]): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  return [...new Set(lines)].filter((line) => !present.includes(line));
}
