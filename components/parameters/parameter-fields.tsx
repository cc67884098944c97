"use client";

import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import { ParameterField } from "./parameter-field.tsx";
import { VisibilityLegend } from "./visibility-mark.tsx";

/** All parameters of a form, with what the three marks mean. `errorAt` names the one that was refused. */
export function ParameterFields({ prompts, errorAt, error }: { readonly prompts: readonly ParameterPrompt[]; readonly errorAt: string | null; readonly error: string | null }) {
  if (prompts.length === 0) return <p className="text-soft">This definition declares no parameters.</p>;
  return (
    <>
      <div className="mb-2">
        <VisibilityLegend />
      </div>
      {prompts.map((prompt) => (
        <ParameterField key={prompt.name} prompt={prompt} error={prompt.name === errorAt ? error : null} />
      ))}
    </>
  );
}
