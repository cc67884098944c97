/** What a form asks for before a create or reinstall (design: visibility, "Reinstall re-asks"). No values of private or secret ones. */
import type { ParameterPrompt } from "./install-plan.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ParameterView } from "./parameters.ts";

/**
 * Declared parameters in the definition's order; without declarations, what is kept, as plain strings.
 *
 * @param stored what an install would have if nothing were sent, and the secrets that have to be, by the merge of
 * merge-parameters.ts: every class is its floor at least.
 */
export function promptParameters(declarations: readonly ParameterDeclaration[] | null, stored: readonly ParameterView[]): readonly ParameterPrompt[] {
  if (declarations === null) {
    return stored.map((view) => ({
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
  const views = new Map(stored.map((view) => [view.name, view]));
  return declarations.map((declaration) => {
    const view = views.get(declaration.name) ?? null;
    return {
      ...declaration,
      visibility: view?.visibility ?? declaration.visibility,
      default: declaration.visibility === "public" ? declaration.default : null,
      // The definition's own default stands in `default`.
      current: view?.from === "declared" ? null : view,
      mustSend: view === null ? declaration.required : view.visibility === "secret",
    };
  });
}

/** Names of the secrets among them that must be typed. */
export function secretsToSend(prompts: readonly ParameterPrompt[]): readonly string[] {
  return prompts.filter((prompt) => prompt.mustSend && prompt.visibility === "secret").map((prompt) => prompt.name);
}
