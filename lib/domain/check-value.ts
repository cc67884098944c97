import type { MatchPattern } from "./match-pattern.ts";
import type { ParameterDeclaration } from "./os-definition.ts";

/** Characters of choices that a sentence repeats. */
const LONGEST_CHOICES = 500;

/** What is wrong with a parameter's value, as a sentence that doesn't say it; null: nothing. `title`: what the sentence calls the parameter. */
export function checkValue(declaration: ParameterDeclaration | undefined, title: string, value: string, match: MatchPattern): string | null {
  if (value.includes("\0")) return `${title} must not hold a NUL character.`;
  if (declaration === undefined) return null;
  if (value === "" && declaration.required) return `${title} must not be empty.`;
  // An optional parameter that is sent empty is one that isn't there for the script.
  if (value === "") return null;
  switch (declaration.type) {
    case "boolean":
      if (!/^(true|false|yes|no)$/.test(value)) return `${title} must be true, false, yes or no.`;
      break;
    case "integer":
      if (!/^-?\d{1,15}$/.test(value)) return `${title} must be a whole number.`;
      break;
    case "choice":
      if (!declaration.choices.includes(value)) return `${title} must be one of ${choicesOf(declaration)}.`;
      break;
    case "string":
    case "password":
      if (/[\r\n]/.test(value)) return `${title} must be a single line.`;
      break;
    case "text":
      break;
  }
  if (declaration.pattern === null) return null;
  switch (match(declaration.pattern, value)) {
    case "matches":
      return null;
    case "differs":
      // With what its author says of it: a pattern alone tells few people what is wanted.
      return `${title} must match ${declaration.pattern}${describeHelp(declaration.help)}.`;
    case "too_slow":
      return `${title} could not be checked against its definition's pattern in time.`;
  }
}

/** ` (Eight digits)`: within the sentence, whether its author wrote one or not. */
function describeHelp(help: string): string {
  const text = help.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return text === "" ? "" : ` (${text})`;
}

function choicesOf({ choices }: ParameterDeclaration): string {
  const listed = choices.join(", ");
  return listed.length > LONGEST_CHOICES ? `its ${choices.length} choices` : listed;
}
