"use client";

import { useState } from "react";
import type { SourceDraft } from "./source-draft.ts";

export interface SourceForm {
  readonly draft: SourceDraft;
  /** What counts where nothing is sent. */
  readonly initial: SourceDraft;
  readonly change: (change: Partial<SourceDraft>) => void;
}

/** What was typed over what counts anyway: where the definition and so its defaults change, what was typed stays. */
export function useSource(initial: SourceDraft, onChange: () => void): SourceForm {
  const [typed, setTyped] = useState<Partial<SourceDraft>>({});
  const change = (changed: Partial<SourceDraft>): void => {
    setTyped((before) => ({ ...before, ...changed }));
    onChange();
  };
  return { draft: { ...initial, ...typed }, initial, change };
}
