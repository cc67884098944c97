"use client";

import { useRef, useState } from "react";
import type { SubmitEvent } from "react";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { curlCommand } from "#components/api/curl.ts";
import { FormEnd, FormSection } from "#components/instances/form-section.tsx";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Select, Textarea } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import { PARAMETER_NAME } from "#lib/domain/parameters.ts";
import { changeBody, placeApi } from "./place.ts";
import { useDefaultChange } from "./use-default-change.ts";

const CLUSTER = { kind: "cluster" } as const;

/** A default for every definition that declares a parameter of this name. Its value is in the input alone until it is sent. */
export function NewDefaultForm({ title, user }: { readonly title: string; readonly user: string }) {
  const alive = useAlive();
  const value = useRef<HTMLTextAreaElement>(null);
  const [name, setName] = useState("");
  const [visibility, setVisibility] = useState<"public" | "private">("public");
  const [filled, setFilled] = useState(false);
  const { busy, problem, send } = useDefaultChange(CLUSTER);
  const nameError = name !== "" && !PARAMETER_NAME.test(name) ? "A letter first, then letters, digits, _ and -; at most 64." : null;
  const why = name === "" ? "A name is missing" : nameError !== null ? null : filled ? null : "A value is missing";

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null || nameError !== null || value.current === null) return;
    if (!(await send(visibility, name, value.current.value))) return;
    value.current.value = "";
    setFilled(false);
    setName("");
  };
  const curl = (): string => {
    const sealed = visibility === "private" ? [{ name, visibility }] : [];
    return curlCommand({ method: "PATCH", url: `${window.location.origin}${placeApi(CLUSTER)}`, user, body: visibility === "private" ? { private: {} } : changeBody(CLUSTER, "public", name, value.current?.value ?? ""), sealed, sealedIn: "body" });
  };
  return (
    <form method="post" autoComplete="off" noValidate onSubmit={(event) => void submit(event)} className="min-w-0 rounded-md border border-line bg-panel">
      <FormSection title={title}>
        <Field id="default-name" label="Parameter" hint="Its name, as definitions declare it." error={nameError}>
          <Input {...fieldIds("default-name", { hint: true, error: nameError !== null })} value={name} onChange={(event) => setName(event.target.value)} maxLength={64} autoComplete="off" autoCapitalize="none" spellCheck={false} className="max-w-96 font-mono text-small" />
        </Field>
        <Field id="default-class" label="Class" hint={visibility === "public" ? "Stored and shown to everybody." : "Stored encrypted, never shown, and given only to the cluster’s own definitions."}>
          <Select
            {...fieldIds("default-class", { hint: true, error: false })}
            value={visibility}
            onChange={(event) => {
              setVisibility(event.target.value === "private" ? "private" : "public");
              setFilled(false);
            }}
          >
            <option>public</option>
            <option>private</option>
          </Select>
        </Field>
        <Field id="default-value" label="Value">
          {/* Made anew with the class: what was typed as private is never shown as public. */}
          <Textarea
            key={visibility}
            ref={value}
            {...fieldIds("default-value", { hint: false, error: false })}
            onChange={(event) => setFilled(event.target.value !== "")}
            rows={2}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            data-1p-ignore
            data-lpignore="true"
            className={visibility === "private" ? "masked font-mono text-small" : "font-mono text-small"}
          />
        </Field>
        {problem === null ? null : (
          <div className="mt-2">
            <ProblemNotice problem={problem} />
          </div>
        )}
      </FormSection>
      <FormEnd why={why}>
        <CopyButton text={curl}>Copy as curl</CopyButton>
        <Button type="submit" kind="main" disabled={!alive || busy || why !== null || nameError !== null}>
          {name === "" ? "Set a default" : `Set ${name} for the cluster`}
        </Button>
      </FormEnd>
    </form>
  );
}
