"use client";

import { useState } from "react";
import type { RefObject } from "react";
import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import { changedParameters, missingNames } from "./form-values.ts";
import type { ParameterBody } from "./form-values.ts";

type Input = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export interface SealedName {
  readonly name: string;
  readonly visibility: "private" | "secret";
}

export interface ParameterForm {
  /** To be called whenever something was typed. */
  readonly noteTyping: () => void;
  /** Names of what must be typed still. */
  readonly missing: readonly string[];
  /** Values of public parameters that would be sent. */
  readonly publicValues: Readonly<Record<string, string>>;
  /** Names of the sealed ones that would be sent, or must be. */
  readonly sealed: readonly SealedName[];
  /** Everything to send, values included: made at the moment of sending and held nowhere. */
  readonly collect: () => ParameterBody;
  /** Empties the inputs of secrets. */
  readonly forgetSecrets: () => void;
}

/** The parameters of a form. React's state has the public values and the names of inputs with something in them, no more. */
export function useParameters(form: RefObject<HTMLFormElement | null>, prompts: readonly ParameterPrompt[]): ParameterForm {
  const [filled, setFilled] = useState<ReadonlySet<string>>(new Set());
  const [publicValues, setPublicValues] = useState<Readonly<Record<string, string>>>({});

  const inputs = (): readonly Input[] => [...(form.current?.querySelectorAll<Input>("[data-parameter]") ?? [])];
  const typed = (name: string): string => inputs().find((input) => input.dataset["parameter"] === name)?.value ?? "";
  const publicPrompts = prompts.filter((prompt) => prompt.visibility === "public");

  const noteTyping = (): void => {
    setFilled(new Set(inputs().flatMap((input) => (input.value === "" ? [] : [input.dataset["parameter"] ?? ""]))));
    setPublicValues(changedParameters(publicPrompts, typed).public);
  };
  return {
    noteTyping,
    missing: missingNames(prompts, (name) => filled.has(name)),
    publicValues,
    sealed: prompts.flatMap(({ name, visibility, mustSend }) => (visibility !== "public" && (mustSend || filled.has(name)) ? [{ name, visibility }] : [])),
    collect: () => changedParameters(prompts, typed),
    forgetSecrets: () => {
      for (const input of inputs()) {
        if (prompts.some((prompt) => prompt.name === input.dataset["parameter"] && prompt.visibility === "secret")) input.value = "";
      }
      noteTyping();
    },
  };
}
