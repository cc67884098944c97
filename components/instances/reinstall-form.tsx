"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { besideField, request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import { ParameterFields } from "#components/parameters/parameter-fields.tsx";
import { parameterOfField } from "#components/parameters/form-values.ts";
import { useParameters } from "#components/parameters/use-parameters.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { FormEnd, FormSection } from "./form-section.tsx";
import type { OsChoices } from "./load-choices.ts";
import { OsSelect, trustHint } from "./os-select.tsx";

type StartChoice = "as before" | "running" | "stopped";
const START: Readonly<Record<StartChoice, boolean | null>> = { "as before": null, running: true, stopped: false };

export function ReinstallForm({ name, osType, offered, find, preview, blocked, user }: { readonly name: string; readonly osType: string; readonly offered: OsChoices; readonly find: string; readonly preview: InstallPreview; readonly blocked: string | null; readonly user: string }) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const parameters = useParameters(form, preview.parameters);
  const [confirmed, setConfirmed] = useState("");
  const [start, setStart] = useState<StartChoice>("as before");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const alive = useAlive();

  // A stored value that no longer fits can be sent anew, here.
  const failedCheck = preview.checks.find((check) => !check.ok && check.id !== "parameters")?.text ?? null;
  const why = blocked ?? failedCheck ?? missingSentence(parameters.missing) ?? (confirmed === name ? null : `Type ${name} to confirm`);
  const errorAt = parameterOfField(problem?.field ?? null, preview.parameters);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null) return;
    setBusy(true);
    setProblem(null);
    const body = { osType, parameters: parameters.collect(), start: START[start] };
    const sent = request<{ readonly jobId: number; readonly installId: string }>("POST", api.reinstall(name), { body });
    // They are on their way; the page has no more use for them.
    parameters.forgetSecrets();
    const answer = await sent;
    if (answer.ok) {
      router.push(paths.instanceInstall(name));
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  const command = (): string =>
    curlCommand({
      method: "POST",
      url: `${window.location.origin}${api.reinstall(name)}`,
      user,
      body: { osType, parameters: { public: parameters.publicValues }, start: START[start] },
      sealed: parameters.sealed,
    });

  return (
    <form ref={form} method="post" autoComplete="off" noValidate onInput={parameters.noteTyping} onSubmit={(event) => void submit(event)} className="min-w-0 rounded-md border border-line bg-panel">
      <FormSection title="System">
        <OsSelect offered={offered} value={osType} find={find} hint={trustHint(preview.plan.runs)} hrefOf={(os, search) => paths.reinstall(name, { os, find: search })} />
        <Field id="start" label="Afterwards">
          <Select {...fieldIds("start", { hint: false, error: false })} value={start} onChange={(event) => setStart(startChoice(event.target.value))}>
            {Object.keys(START).map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </Select>
        </Field>
      </FormSection>
      <FormSection title="Parameters">
        <ParameterFields prompts={preview.parameters} errorAt={errorAt} error={besideField(problem)} />
      </FormSection>
      <FormSection title="Confirm">
        <Field id="confirm" label="Type the name" hint={`What is on disk 0 of ${name} is replaced.`}>
          <Input
            {...fieldIds("confirm", { hint: true, error: false })}
            value={confirmed}
            onChange={(event) => setConfirmed(event.target.value)}
            placeholder={name}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            className="font-mono text-small"
          />
        </Field>
        {problem === null ? null : (
          <div className="mt-2">
            <ProblemNotice problem={problem} />
          </div>
        )}
      </FormSection>
      <FormEnd why={busy ? "Sent" : why}>
        <CopyButton text={command}>Copy as curl</CopyButton>
        <Button type="submit" kind="main" disabled={!alive || busy || why !== null}>
          Reinstall {name}
        </Button>
      </FormEnd>
    </form>
  );
}

function startChoice(value: string): StartChoice {
  return value === "running" || value === "stopped" ? value : "as before";
}

/** `One value is missing: root_password`; null when none is. */
export function missingSentence(names: readonly string[]): string | null {
  if (names.length === 0) return null;
  return names.length === 1 ? `One value is missing: ${names[0]}` : `${names.length} values are missing: ${names.join(", ")}`;
}
