"use client";

import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import { Field, fieldIds, Input, Select, Textarea } from "#components/ui/field.tsx";
import { classes } from "#components/ui/classes.ts";
import { initialValue } from "./form-values.ts";
import { FROM } from "./parameter-table.tsx";
import { VisibilityIcon } from "./visibility-mark.tsx";

/** Nothing may remember what is typed here, or offer what was typed elsewhere. */
const FORGET = { autoComplete: "off", autoCorrect: "off", autoCapitalize: "off", spellCheck: false, "data-1p-ignore": true, "data-lpignore": "true" } as const;

/**
 * One parameter of a form, by its class and type. Inputs are uncontrolled and found again by `data-parameter`; they have no
 * name, so that no form can ever put them into an address.
 */
export function ParameterField({ prompt, error }: { readonly prompt: ParameterPrompt; readonly error: string | null }) {
  const id = `parameter-${prompt.name}`;
  const hint = hintOf(prompt);
  return (
    <Field
      id={id}
      error={error}
      hint={hint}
      label={
        <span className="inline-flex items-center gap-1.5">
          <VisibilityIcon visibility={prompt.visibility} />
          <span className="font-mono text-small">{prompt.name}</span>
          <span className="sr-only">, {prompt.visibility}</span>
        </span>
      }
    >
      <ParameterInput prompt={prompt} id={id} hasError={error !== null} hasHint={hint !== null} />
    </Field>
  );
}

function ParameterInput({ prompt, id, hasError, hasHint }: { readonly prompt: ParameterPrompt; readonly id: string; readonly hasError: boolean; readonly hasHint: boolean }) {
  const note = noteOf(prompt);
  const sealed = prompt.visibility !== "public";
  const common = {
    ...fieldIds(id, { hint: hasHint, error: hasError }),
    "data-parameter": prompt.name,
    defaultValue: initialValue(prompt),
    required: prompt.mustSend,
    needed: prompt.mustSend,
    className: "font-mono text-small",
  };
  if (!sealed && (prompt.type === "choice" || prompt.type === "boolean")) {
    const choices = prompt.type === "boolean" ? ["true", "false"] : prompt.choices;
    return (
      <Select {...common}>
        {prompt.required && prompt.default !== null ? null : <option value="">not set</option>}
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </Select>
    );
  }
  if (prompt.type === "text") {
    return <Textarea {...common} {...FORGET} rows={3} placeholder={note} className={classes(common.className, sealed && "masked")} />;
  }
  return (
    <Input {...common} {...FORGET} type={sealed ? "password" : "text"} inputMode={prompt.type === "integer" ? "numeric" : undefined} placeholder={note} />
  );
}

/** What stands in an empty input: whether something is there already. */
function noteOf(prompt: ParameterPrompt): string {
  switch (prompt.current?.visibility) {
    case "private":
      return prompt.current.fingerprint === null ? "stored" : `stored, fingerprint ${prompt.current.fingerprint}`;
    case "secret":
      return "never stored: type it again";
    case "public":
    case undefined:
      return prompt.mustSend ? "needed" : "optional";
  }
}

/** Where the value comes from that is there already. */
function sourceSentence({ current, visibility, default: declared }: ParameterPrompt): string {
  const from = current?.from ?? (declared === null || declared === "" ? null : "declared");
  if (from === null || from === "request") return "";
  if (from === "instance") return visibility === "private" ? "Kept with the instance unless replaced." : "Kept with the instance.";
  return visibility === "private" ? `From ${FROM[from]}, kept unless replaced.` : `From ${FROM[from]}.`;
}

function hintOf(prompt: ParameterPrompt): string | null {
  // Whoever wrote the help may have left its last sentence open.
  const parts = [/[\p{L}\p{N})]$/u.test(prompt.help) ? `${prompt.help}.` : prompt.help];
  if (prompt.visibility === "secret") parts.push(prompt.mustSend ? "Needed. Used by this install only, then gone from memory." : "Used by this install only, then gone from memory.");
  else if (prompt.mustSend) parts.push("Needed.");
  else parts.push(sourceSentence(prompt));
  const text = parts.filter((part) => part !== "").join(" ");
  return text === "" ? null : text;
}
