/** What a form asks for before a create or reinstall (design: visibility, "Reinstall re-asks"). No values of private or secret ones. */
import type { ParameterPrompt } from "./install-plan.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ParameterView } from "./parameters.ts";
import { strictness, stricter } from "./visibility.ts";

/** Declared parameters in the definition's order; without declarations, what is kept, as plain strings. */
export function promptParameters(declarations: readonly ParameterDeclaration[] | null, kept: readonly ParameterView[]): readonly ParameterPrompt[] {
  const current = new Map(kept.map((view) => [view.name, view]));
  if (declarations === null) {
    return kept.map((view) => ({
      name: view.name,
      visibility: view.visibility,
      type: "string",
      required: false,
      default: null,
      choices: [],
      pattern: null,
      help: "",
      current: view,
      mustSend: view.visibility === "secret",
    }));
  }
  return declarations.map((declaration) => {
    const view = current.get(declaration.name) ?? null;
    const visibility = view === null ? declaration.visibility : stricter(view.visibility, declaration.visibility);
    // A value that was kept in a lower class than its floor is now isn't shown by its new class's rules.
    const shown = view !== null && strictness(view.visibility) < strictness(declaration.visibility) ? null : view;
    const usable = view !== null && visibility !== "secret";
    return {
      ...declaration,
      visibility,
      default: declaration.visibility === "public" ? declaration.default : null,
      current: shown,
      mustSend: visibility === "secret" ? view !== null || declaration.required : declaration.required && !usable && declaration.default === null,
    };
  });
}

/** Names of the secrets among them that must be typed. */
export function secretsToSend(prompts: readonly ParameterPrompt[]): readonly string[] {
  return prompts.filter((prompt) => prompt.mustSend && prompt.visibility === "secret").map((prompt) => prompt.name);
}
