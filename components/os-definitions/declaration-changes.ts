import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";

/** What is declared otherwise of a parameter, in words; of a new or removed one, what it is or was. The class stands beside it. */
export function declarationChanges(before: ParameterDeclaration | null, after: ParameterDeclaration | null): readonly string[] {
  const one = after ?? before;
  if (one === null) return [];
  if (before === null || after === null) return [typeText(one), ...(one.required ? ["needed"] : []), ...(one.help === "" ? [] : [one.help])];
  const changes: string[] = [];
  if (typeText(before) !== typeText(after)) changes.push(`${typeText(before)} → ${typeText(after)}`);
  if (before.required !== after.required) changes.push(after.required ? "is needed now" : "no longer needed");
  if (before.default !== after.default) changes.push(`default ${quoted(before.default)} → ${quoted(after.default)}`);
  if (before.pattern !== after.pattern) changes.push(`pattern ${quoted(before.pattern)} → ${quoted(after.pattern)}`);
  if (before.help !== after.help) changes.push("other help");
  return changes;
}

/** `one of a, b`, or the type. */
export function typeText({ type, choices }: Pick<ParameterDeclaration, "type" | "choices">): string {
  return type === "choice" ? `one of ${choices.join(", ")}` : type;
}

function quoted(text: string | null): string {
  return text === null ? "none" : `“${text}”`;
}
