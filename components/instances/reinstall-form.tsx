"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { besideField, request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import { FreeParameters, freePrompts } from "#components/parameters/free-parameters.tsx";
import type { FreeParameter } from "#components/parameters/free-parameters.tsx";
import { ParameterFields } from "#components/parameters/parameter-fields.tsx";
import { parameterOfField } from "#components/parameters/form-values.ts";
import { useParameters } from "#components/parameters/use-parameters.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import { draftOfPlan, firstSourceError, hasSystem, sourceBody, sourceErrors, withCredentials, withFindings } from "#components/source/source-draft.ts";
import type { SourceBody, SourceDraft } from "#components/source/source-draft.ts";
import { credentialsProblem, PACKAGE_PROMPTS, sourceOutline } from "#components/source/outline.ts";
import { ImageSection, MoreSection } from "#components/source/source-sections.tsx";
import { useCredentials } from "#components/source/use-credentials.ts";
import { useSource } from "#components/source/use-source.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import type { DiskView } from "#lib/domain/instance.ts";
import { blockingCheck, withSource } from "./create-preview.ts";
import type { PreviewQuestion } from "./create-preview.ts";
import { FormEnd, FormSection } from "./form-section.tsx";
import type { OsChoices } from "./load-choices.ts";
import { OsSelect, trustHint } from "./os-select.tsx";
import { usePreview } from "./use-preview.ts";
import { WhatHappens } from "./what-happens.tsx";

type StartChoice = "as before" | "running" | "stopped";
const START: Readonly<Record<StartChoice, boolean | null>> = { "as before": null, running: true, stopped: false };

export interface ReinstallFormProps {
  readonly name: string;
  /** Null: without an OS definition. */
  readonly osType: string | null;
  readonly offered: OsChoices;
  readonly find: string;
  /** Null: nothing is chosen yet that could be installed. */
  readonly preview: InstallPreview | null;
  /** What the preview is of. */
  readonly question: PreviewQuestion;
  readonly disks: readonly DiskView[];
  /** What stays in any case. */
  readonly kept: string;
  readonly blocked: string | null;
  readonly user: string;
}

export function ReinstallForm({ name, osType, offered, find, preview, question, disks, kept, blocked, user }: ReinstallFormProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [free, setFree] = useState<readonly FreeParameter[]>([]);
  const declared = preview?.parameters ?? [];
  const prompts = osType === null ? [...declared, ...freePrompts(free)] : declared;
  const parameters = useParameters(form, prompts);
  const credentials = useCredentials(form);
  const [confirmed, setConfirmed] = useState("");
  const [start, setStart] = useState<StartChoice>("as before");
  const [problem, setProblem] = useState<Problem | null>(null);
  // What was refused is no longer what stands there.
  const source = useSource(draftOfPlan(preview?.plan ?? null), () => setProblem(null));
  const [busy, setBusy] = useState(false);
  const alive = useAlive();

  const errors = sourceErrors(source.draft);
  const sourceError = firstSourceError(errors);
  const isAnything = osType !== null || hasSystem(source.draft);
  const needsCredentials = (preview?.needsPackageCredentials ?? false) && source.draft.packageUrl.trim() === source.initial.packageUrl;
  const seal = <Body extends SourceBody>(body: Body): Body => withCredentials(body, source.draft, credentials.collect());
  const foreseen = usePreview({
    path: api.reinstallPreview(name),
    page: { question, preview },
    question: isAnything && sourceError === null ? withSource({ osType }, source.draft, source.initial) : null,
    seal,
  });
  // A stored value that no longer fits can be sent anew, here. What lies behind a password can't be looked at without it.
  const ignored = needsCredentials && credentials.filled !== "both" ? (["parameters", "package"] as const) : (["parameters"] as const);
  // What is known of it beside what it looks like; an answer to another question is no longer about what stands there.
  const shownErrors = withFindings(errors, [problem, foreseen.problem], foreseen.pending ? [] : (foreseen.preview?.checks ?? []));
  const why =
    blocked ??
    (isAnything ? null : "An OS definition, a disk image or an install medium is missing") ??
    sourceError ??
    foreseen.refused ??
    blockingCheck(foreseen.preview?.checks ?? [], ignored) ??
    credentialsProblem(source.draft, needsCredentials, credentials.filled) ??
    missingSentence(parameters.missing) ??
    (confirmed === name ? null : `Type ${name} to confirm`);
  const waiting = [...(parameters.missing.length === 0 ? [] : (["parameters"] as const)), ...(needsCredentials && credentials.filled !== "both" ? (["package"] as const) : [])];
  const errorAt = parameterOfField(problem?.field ?? null, prompts);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null) return;
    setBusy(true);
    setProblem(null);
    const body = { osType, ...seal(sourceBody(source.draft, source.initial)), parameters: parameters.collect(), start: START[start] };
    const sent = request<{ readonly jobId: number; readonly installId: string }>("POST", api.reinstall(name), { body });
    // They are on their way; the page has no more use for them.
    parameters.forgetSecrets();
    credentials.forget();
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
      body: { osType, ...sourceOutline(source, needsCredentials || credentials.filled !== "none"), parameters: { public: parameters.publicValues }, start: START[start] },
      sealed: parameters.sealed,
      prompts: needsCredentials || credentials.filled !== "none" ? PACKAGE_PROMPTS : [],
    });
  const noteTyping = (): void => {
    parameters.noteTyping();
    credentials.noteTyping();
  };
  const system = disks.find(({ index }) => index === 0);

  return (
    <form
      ref={form}
      method="post"
      autoComplete="off"
      noValidate
      onInput={noteTyping}
      onSubmit={(event) => void submit(event)}
      // What will happen is read before it is confirmed, on a narrow screen too.
      className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_380px] lg:grid-rows-[auto_1fr] lg:gap-y-0"
    >
      <div className="min-w-0 rounded-md border border-line bg-panel lg:rounded-b-none lg:border-b-0">
        <FormSection title="System">
          <OsSelect offered={offered} value={osType} find={find} hint={trustHint(osType, preview?.plan.runs ?? [])} hrefOf={(os, search) => paths.reinstall(name, { os, find: search })} />
          <ImageSection source={source} errors={shownErrors} hasScripts={osType !== null} />
          <Field id="start" label="Afterwards">
            <Select {...fieldIds("start", { hint: false, error: false })} value={start} onChange={(event) => setStart(startChoice(event.target.value))}>
              {Object.keys(START).map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </Select>
          </Field>
        </FormSection>
        <FormSection title="Parameters">
          {osType === null && declared.length === 0 ? null : <ParameterFields prompts={declared} errorAt={errorAt} error={besideField(problem)} />}
          {osType === null ? <FreeParameters parameters={free} onChange={setFree} /> : null}
        </FormSection>
        <MoreSection
          source={source}
          errors={shownErrors}
          needsCredentials={needsCredentials}
          onCredentials={() => credentials.filled === "both" && foreseen.checkAgain()}
          disks={system === undefined ? null : { system: system.sizeMib, data: disks.filter(({ index }) => index > 0) }}
        />
      </div>
      <div className="min-w-0 lg:row-span-2">
        <WhatHappens name={name} preview={foreseen.preview} kept={kept} pending={foreseen.pending} refused={foreseen.refused} waiting={waiting} onCheckAgain={foreseen.checkAgain} />
      </div>
      <div className="min-w-0 rounded-md border border-line bg-panel lg:rounded-t-none">
        <FormSection title="Confirm">
          <Field id="confirm" label="Type the name" hint={confirmHint(name, source.draft)}>
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
          <Button type="submit" kind={source.draft.inPlace ? "danger-main" : "main"} disabled={!alive || busy || why !== null}>
            Reinstall {name}
          </Button>
        </FormEnd>
      </div>
    </form>
  );
}

function confirmHint(name: string, { inPlace, replaceDataDisks }: SourceDraft): string {
  const disks = [0, ...replaceDataDisks];
  const what = disks.length === 1 ? "disk 0" : `disks ${disks.join(", ")}`;
  return inPlace ? `What is on disk 0 of ${name} is lost.` : `What is on ${what} of ${name} is replaced.`;
}

function startChoice(value: string): StartChoice {
  return value === "running" || value === "stopped" ? value : "as before";
}

/** `One value is missing: root_password`; null when none is. */
export function missingSentence(names: readonly string[]): string | null {
  if (names.length === 0) return null;
  return names.length === 1 ? `One value is missing: ${names[0]}` : `${names.length} values are missing: ${names.join(", ")}`;
}
