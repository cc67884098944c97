/** Lines of a text, each a key; empty ones and comments left out, those that are there already too. */
export function addedKeys(text: string, present: readonly string[]): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  return [...new Set(lines)].filter((line) => !present.includes(line));
}

/** What is wrong with one of the keys that are added, by its place among them; null: the error is about something else. */
export function keyProblem(field: string | null, present: number): string | null {
  const index = /^sshKeys\[(\d+)\]/.exec(field ?? "")?.[1];
  return index === undefined || Number(index) < present ? null : `Key ${Number(index) - present + 1} isn’t a public key as ssh-keygen writes it: type, base64, comment.`;
}
