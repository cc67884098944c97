"use client";

import { Plus, X } from "lucide-react";
import { Button, IconButton } from "#components/ui/button.tsx";
import { Input, Select } from "#components/ui/field.tsx";
import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import { PARAMETER_LIMITS } from "#lib/domain/parameters.ts";
import type { Visibility } from "#lib/domain/parameters.ts";

/** A parameter that nothing declares: its name and class are the person's. */
export interface FreeParameter {
  readonly id: number;
  readonly name: string;
  readonly visibility: Visibility;
}

const CLASSES: readonly Visibility[] = ["public", "private", "secret"];

/** As those that are declared, so that a form sends both alike. */
export function freePrompts(free: readonly FreeParameter[]): readonly ParameterPrompt[] {
  return free.flatMap(({ name, visibility }) =>
    name === "" ? [] : [{ name, visibility, type: "string" as const, required: false, default: null, choices: [], pattern: null, help: "", current: null, mustSend: false }],
  );
}

/** Without an OS definition: parameters by name and class, as they are to be found by metadata. */
export function FreeParameters({ parameters, onChange }: { readonly parameters: readonly FreeParameter[]; readonly onChange: (parameters: readonly FreeParameter[]) => void }) {
  const set = (id: number, change: Partial<FreeParameter>): void => onChange(parameters.map((one) => (one.id === id ? { ...one, ...change } : one)));
  return (
    <>
      <p className="mb-1 max-w-[72ch] text-small text-soft">No definition declares any. Those that are given here are handed to the system by metadata, in their class.</p>
      {parameters.map(({ id, name, visibility }, index) => (
        <div key={id} role="group" aria-label={`Parameter ${index + 1}`} className="flex flex-wrap items-center gap-2 py-1.5">
          <span className="min-w-32 flex-1">
            <Input
              value={name}
              onChange={(event) => set(id, { name: event.target.value })}
              aria-label="Name"
              placeholder="name"
              maxLength={64}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              className="font-mono text-small"
            />
          </span>
          <span className="w-28">
            <Select aria-label={`Class of ${name === "" ? "the parameter" : name}`} value={visibility} onChange={(event) => set(id, { visibility: CLASSES.find((one) => one === event.target.value) ?? "secret" })}>
              {CLASSES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          </span>
          <span className="min-w-40 flex-2">
            <Input
              // Another kind of input, emptied: what was typed as public was seen, what was typed as secret is not to be.
              key={visibility === "public" ? "public" : "sealed"}
              type={visibility === "public" ? "text" : "password"}
              data-parameter={name}
              aria-label={`Value of ${name === "" ? "the parameter" : name}`}
              placeholder="value"
              autoComplete="off"
              autoCapitalize="off"
              autoCorrect="off"
              spellCheck={false}
              data-1p-ignore
              data-lpignore="true"
              className="font-mono text-small"
            />
          </span>
          <IconButton label={`Leave out ${name === "" ? "this parameter" : name}`} onClick={() => onChange(parameters.filter((one) => one.id !== id))}>
            <X aria-hidden="true" size={16} />
          </IconButton>
        </div>
      ))}
      {parameters.length >= PARAMETER_LIMITS.count ? null : (
        <div className="py-1.5">
          <Button onClick={() => onChange([...parameters, { id: 1 + Math.max(0, ...parameters.map(({ id }) => id)), name: "", visibility: "public" }])}>
            <Plus aria-hidden="true" size={14} />
            Add a parameter
          </Button>
        </div>
      )}
    </>
  );
}
