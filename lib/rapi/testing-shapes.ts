/**
 * Where two values differ in form, as `path: recorded → ours`. A list without items fits every list; null fits where the
 * other one has null somewhere in the same list.
 */
export function differences(recorded: unknown, ours: unknown, path = ""): readonly string[] {
  if (Array.isArray(recorded) && Array.isArray(ours)) {
    if (recorded.length === 0 || ours.length === 0) return [];
    const templates: readonly unknown[] = recorded;
    return [...new Set(ours.flatMap((item: unknown) => fewest(templates.map((template) => differences(template, item, `${path}[]`)))))];
  }
  if (isObject(recorded) && isObject(ours)) {
    const missing = Object.keys(recorded).filter((name) => !(name in ours)).map((name) => `${path}.${name}: missing`);
    const added = Object.keys(ours).filter((name) => !(name in recorded)).map((name) => `${path}.${name}: added`);
    const common = Object.keys(recorded).filter((name) => name in ours);
    return [...missing, ...added, ...common.flatMap((name) => differences(recorded[name], ours[name], `${path}.${name}`))];
  }
  const [before, now] = [kind(recorded), kind(ours)];
  return before === now ? [] : [`${path}: ${before} → ${now}`];
}

function fewest(candidates: readonly (readonly string[])[]): readonly string[] {
  return candidates.reduce((best, next) => (next.length < best.length ? next : best));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : isObject(value) ? "object" : typeof value;
}
