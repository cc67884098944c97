import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import type { Visibility } from "#lib/domain/parameters.ts";

/**
 * What a form of parameters sends. Values stay in the inputs until the moment of sending: not in React's state, not in the
 * address, not in storage.
 */
export type ParameterBody = Readonly<Record<Visibility, Readonly<Record<string, string>>>>;

/** What an input held at the beginning: what is kept or the default; sealed ones are empty. */
export function initialValue(prompt: ParameterPrompt): string {
  if (prompt.visibility !== "public") return "";
  if (prompt.current?.visibility === "public") return prompt.current.value;
  return prompt.default ?? "";
}

/**
 * The parameters to send: those of which something else was typed than what is there already. An empty input means "as it
 * is": what is kept stays, and a default counts.
 */
export function changedParameters(prompts: readonly ParameterPrompt[], typed: (name: string) => string): ParameterBody {
  const body: Record<Visibility, Record<string, string>> = { public: {}, private: {}, secret: {} };
  for (const prompt of prompts) {
    const value = typed(prompt.name);
    const cleared = prompt.current?.visibility === "public" && value === "" && prompt.current.value !== "";
    if (cleared || (value !== "" && value !== initialValue(prompt))) body[prompt.visibility][prompt.name] = value;
  }
  return body;
}

/** Names of what must be sent and has not been typed. */
export function missingNames(prompts: readonly ParameterPrompt[], isFilled: (name: string) => boolean): readonly string[] {
  return prompts.filter((prompt) => prompt.mustSend && !isFilled(prompt.name)).map((prompt) => prompt.name);
}

/** Which parameter an error is about, from the field that the API names; null: none of them. */
export function parameterOfField(field: string | null, prompts: readonly ParameterPrompt[]): string | null {
  if (field === null) return null;
  const last = field.slice(field.lastIndexOf(".") + 1);
  return prompts.some((prompt) => prompt.name === last) ? last : null;
}
