"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { besideField, request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { FormEnd, FormSection } from "#components/instances/form-section.tsx";
import { parameterOfField } from "#components/parameters/form-values.ts";
import { ParameterFields } from "#components/parameters/parameter-fields.tsx";
import { useParameters } from "#components/parameters/use-parameters.ts";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import { INSTANCE_NAME } from "#lib/domain/instance.ts";
import type { ExportedParameter } from "#lib/domain/export-manifest.ts";
import { importPrompts } from "./import-prompts.ts";

interface Props {
  readonly exportId: string;
  readonly parameters: readonly ExportedParameter[];
  /** Names of those that take new instances. */
  readonly nodes: readonly string[];
  readonly user: string;
}

/** An instance like the one that was exported, under another name, on any node. */
export function ImportForm({ exportId, parameters: exported, nodes, user }: Props) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const prompts = importPrompts(exported);
  const parameters = useParameters(form, prompts);
  const [draft, setDraft] = useState({ name: "", node: "", owner: "", start: true });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const alive = useAlive();
  const set = (change: Partial<typeof draft>): void => {
    setDraft((before) => ({ ...before, ...change }));
    setProblem(null);
  };
  const errorAt = parameterOfField(problem?.field ?? null, prompts);
  const errorOf = (field: string): string | null => (problem?.field === field ? besideField(problem) : null);
  const nameError = draft.name !== "" && !INSTANCE_NAME.test(draft.name) ? "A host name in lower case: letters, digits, - and dots." : errorOf("name");
  const why = draft.name === "" ? "A name is missing" : nameError;
  const outline = { exportId, name: draft.name, ...(draft.node === "" ? {} : { node: draft.node }), ...(draft.owner === "" ? {} : { owner: draft.owner }), start: draft.start };

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null) return;
    setBusy(true);
    setProblem(null);
    const sent = request("POST", api.instanceImports(), { body: { ...outline, parameters: parameters.collect() } });
    // They are on their way; the page has no more use for them.
    parameters.forgetSecrets();
    const answer = await sent;
    if (answer.ok) {
      router.push(paths.instanceInstall(draft.name));
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  const command = (): string =>
    curlCommand({ method: "POST", url: `${window.location.origin}${api.instanceImports()}`, user, body: { ...outline, parameters: { public: parameters.publicValues } }, sealed: parameters.sealed });

  return (
    <form ref={form} method="post" autoComplete="off" noValidate onInput={parameters.noteTyping} onSubmit={(event) => void submit(event)} className="min-w-0 rounded-md border border-line bg-panel">
      <FormSection title="Import as a new instance">
        <Field id="name" label="Name" error={nameError}>
          <Input {...fieldIds("name", { hint: false, error: nameError !== null })} value={draft.name} onChange={(event) => set({ name: event.target.value })} maxLength={253} autoComplete="off" autoCapitalize="none" spellCheck={false} className="font-mono text-small" />
        </Field>
        <Field id="node" label="Node" hint="The files are brought there first." error={errorOf("node")}>
          <Select {...fieldIds("node", { hint: true, error: errorOf("node") !== null })} value={draft.node} onChange={(event) => set({ node: event.target.value })}>
            <option value="">the one with the most room</option>
            {nodes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        </Field>
        <Field id="owner" label="Owner" hint="Empty: yours." error={errorOf("owner")}>
          <Input {...fieldIds("owner", { hint: true, error: errorOf("owner") !== null })} value={draft.owner} onChange={(event) => set({ owner: event.target.value })} maxLength={64} placeholder={user} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Field>
        <Field id="start" label="Afterwards">
          <Select {...fieldIds("start", { hint: false, error: false })} value={draft.start ? "running" : "stopped"} onChange={(event) => set({ start: event.target.value === "running" })}>
            <option>running</option>
            <option>stopped</option>
          </Select>
        </Field>
      </FormSection>
      {prompts.length === 0 ? null : (
        <FormSection title="Parameters">
          <ParameterFields prompts={prompts} errorAt={errorAt} error={besideField(problem)} />
        </FormSection>
      )}
      {problem === null ? null : (
        <div className="px-5 pb-4">
          <ProblemNotice problem={problem} />
        </div>
      )}
      <FormEnd why={busy ? "Sent" : why}>
        <CopyButton text={command}>Copy as curl</CopyButton>
        <Button type="submit" kind="main" disabled={!alive || busy || why !== null}>
          Import {draft.name === "" ? "the instance" : draft.name}
        </Button>
      </FormEnd>
    </form>
  );
}
