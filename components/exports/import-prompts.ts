import type { ExportedParameter } from "#lib/domain/export-manifest.ts";
import type { ParameterPrompt } from "#lib/domain/install-plan.ts";

/** The parameters of an export as a form asks for them: public ones are in it, of the others only the names. */
export function importPrompts(parameters: readonly ExportedParameter[]): readonly ParameterPrompt[] {
  return parameters.map((parameter) => ({
    name: parameter.name,
    visibility: parameter.visibility,
    type: "string",
    required: false,
    default: parameter.visibility === "public" ? parameter.value : null,
    choices: [],
    pattern: null,
    help: parameter.visibility === "public" ? "As it was exported, unless it is changed." : "Not in the export.",
    current: null,
    mustSend: false,
  }));
}
