/** What of an export's parameters an import goes on with, and what has to be sent again. */
import type { ExportedParameter } from "./export-manifest.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { SentParameters } from "./parameters.ts";

export interface ImportedParameters {
  /** What is sent, over the public values of the export. */
  readonly parameters: SentParameters;
  /** Names of values that an export doesn't have, or doesn't show any more in the class that the definition asks for by now. */
  readonly missing: readonly string[];
}

/** @param declarations of the definition as it is now: what it doesn't know any more is of no use. */
export function importParameters(exported: readonly ExportedParameter[], sent: SentParameters, declarations: readonly ParameterDeclaration[]): ImportedParameters {
  const isSent = (name: string): boolean => [sent.public, sent.private, sent.secret].some((map) => Object.hasOwn(map, name));
  const kept: [string, string][] = [];
  const missing: string[] = [];
  for (const parameter of exported) {
    const declared = declarations.find(({ name }) => name === parameter.name);
    if (declared === undefined || isSent(parameter.name)) continue;
    if (parameter.visibility === "public" && declared.visibility === "public") kept.push([parameter.name, parameter.value]);
    else missing.push(parameter.name);
  }
  return { parameters: { ...sent, public: { ...Object.fromEntries(kept), ...sent.public } }, missing: missing.toSorted() };
}
