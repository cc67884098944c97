/** The opcode that a job is about: where it installs, that one; otherwise its first. With how many there are beside it. */
export function jobTitle(summary: readonly string[]): string {
  const main = summary.find((one) => /^INSTANCE_(CREATE|REINSTALL)\b/.test(one)) ?? summary[0] ?? "nothing";
  return summary.length > 1 ? `${main} and ${summary.length - 1} more` : main;
}
