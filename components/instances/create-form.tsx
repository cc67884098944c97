"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { besideField, request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { keyProblem } from "#components/communication/added-keys.ts";
import { formatMib } from "#components/format.ts";
import { nicProblem } from "#components/nics/nic-draft.ts";
import type { NicDraft } from "#components/nics/nic-draft.ts";
import type { NicChoices } from "#components/nics/nic-fields.tsx";
import { NicList } from "#components/nics/nic-list.tsx";
import { api, paths } from "#components/paths.ts";
import { parameterOfField } from "#components/parameters/form-values.ts";
import { FreeParameters, freePrompts } from "#components/parameters/free-parameters.tsx";
import type { FreeParameter } from "#components/parameters/free-parameters.tsx";
import { ParameterFields } from "#components/parameters/parameter-fields.tsx";
import { useParameters } from "#components/parameters/use-parameters.ts";
import { Button } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import { draftOfPlan, firstSourceError, hasSystem, sourceBody, sourceErrors, withCredentials, withFindings } from "#components/source/source-draft.ts";
import type { SourceBody } from "#components/source/source-draft.ts";
import { credentialsProblem, PACKAGE_PROMPTS, sourceOutline } from "#components/source/outline.ts";
import { ImageSection, MoreSection } from "#components/source/source-sections.tsx";
import { useCredentials } from "#components/source/use-credentials.ts";
import { useSource } from "#components/source/use-source.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { INSTANCE_NAME } from "#lib/domain/instance.ts";
import { draftBody, draftField, isAbout } from "./create-draft.ts";
import type { CreateDraft, DraftField } from "./create-draft.ts";
import { blockingCheck, firstSizes, previewQuestion, withSource } from "./create-preview.ts";
import type { PreviewQuestion } from "./create-preview.ts";
import { CreateMetadata, userDataProblem } from "./create-metadata.tsx";
import { DiskFields } from "./disk-fields.tsx";
import { FormEnd, FormSection } from "./form-section.tsx";
import type { OsChoices } from "./load-choices.ts";
import { NO_OS } from "./os-choice.ts";
import { OsSelect, trustHint } from "./os-select.tsx";
import { missingSentence } from "./reinstall-form.tsx";
import { usePreview } from "./use-preview.ts";
import { WhatHappens } from "./what-happens.tsx";

export interface CreateFormProps {
  /** Null: without an OS definition. */
  readonly osType: string | null;
  readonly offered: OsChoices;
  /** What definitions are searched by. */
  readonly find: string;
  readonly nodes: readonly string[];
  readonly node: string;
  /** Null: nothing is chosen yet that could be installed. */
  readonly preview: InstallPreview | null;
  /** What the preview is of. */
  readonly question: PreviewQuestion;
  readonly minimum: { readonly diskMib: number; readonly memoryMib: number };
  readonly nics: { readonly choices: NicChoices; readonly first: NicDraft };
  readonly user: string;
}

export function CreateForm({ osType, offered, find, nodes, node, preview, question, minimum, nics, user }: CreateFormProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [free, setFree] = useState<readonly FreeParameter[]>([]);
  const prompts = osType === null ? freePrompts(free) : (preview?.parameters ?? []);
  const parameters = useParameters(form, prompts);
  const credentials = useCredentials(form);
  const first = firstSizes(minimum);
  const [draft, setDraft] = useState<CreateDraft>({
    name: "",
    owner: "",
    node,
    vcpus: "1",
    memoryMib: String(first.memoryMib),
    disks: [String(first.diskMib / 1024)],
    nics: [nics.first],
    communication: false,
    sshKeys: "",
    start: true,
  });
  const [problem, setProblem] = useState<Problem | null>(null);
  // What was refused is no longer what stands there.
  const source = useSource(draftOfPlan(preview?.plan ?? null), () => setProblem(null));
  const [busy, setBusy] = useState(false);
  const alive = useAlive();
  const userData = useRef<HTMLTextAreaElement>(null);
  const [userDataLength, setUserDataLength] = useState(0);
  const set = (change: Partial<CreateDraft>): void => {
    setDraft((before) => ({ ...before, ...change }));
    // What was refused is no longer what stands there: a name that was taken would otherwise keep every other one from being sent.
    setProblem((before) => (isAbout(before?.field ?? null, change) ? null : before));
  };

  const errorAt = parameterOfField(problem?.field ?? null, prompts);
  const wrong = errorAt === null ? draftField(problem?.field ?? null) : null;
  const errorOf = (field: DraftField): string | null => (wrong === field ? besideField(problem) : null);
  const nameError = draft.name !== "" && !INSTANCE_NAME.test(draft.name) ? "A host name in lower case: letters, digits, - and dots." : errorOf("name");
  const errors = sourceErrors(source.draft);
  const sourceError = firstSourceError(errors);
  const isAnything = osType !== null || hasSystem(source.draft);
  const seal = <Body extends SourceBody>(body: Body): Body => withCredentials(body, source.draft, credentials.collect());
  const foreseen = usePreview({
    path: api.instancePreviews(),
    page: { question, preview },
    question: isAnything && sourceError === null ? withSource(previewQuestion(draft, osType), source.draft, source.initial) : null,
    seal,
  });
  // What is known of it beside what it looks like; an answer to another question is no longer about what stands there.
  const shownErrors = withFindings(errors, [problem, foreseen.problem], foreseen.pending ? [] : (foreseen.preview?.checks ?? []));
  const why =
    (isAnything ? null : "An OS definition, a disk image or an install medium is missing") ??
    sourceError ??
    foreseen.refused ??
    blockingCheck(foreseen.preview?.checks ?? [], []) ??
    (draft.name === "" ? "A name is missing" : nameError) ??
    draft.nics.map(nicProblem).find((text) => text !== null) ??
    userDataProblem(userDataLength) ??
    credentialsProblem(source.draft, false, credentials.filled) ??
    missingSentence(parameters.missing);
  const outline = { ...draftBody(draft, osType), ...sourceOutline(source, credentials.filled !== "none"), parameters: { public: parameters.publicValues } };

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null) return;
    setBusy(true);
    setProblem(null);
    const body = { ...draftBody(draft, osType), ...seal(sourceBody(source.draft, source.initial)), ...(userDataLength === 0 ? {} : { userData: userData.current?.value ?? "" }), parameters: parameters.collect() };
    const sent = request<{ readonly jobId: number; readonly installId: string | null }>("POST", api.instances(), { body });
    // They are on their way; the page has no more use for them.
    parameters.forgetSecrets();
    credentials.forget();
    const answer = await sent;
    if (answer.ok) {
      router.push(answer.value.installId === null ? paths.job(answer.value.jobId) : paths.instanceInstall(draft.name));
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  const noteTyping = (): void => {
    parameters.noteTyping();
    credentials.noteTyping();
  };
  const command = (): string =>
    curlCommand({ method: "POST", url: `${window.location.origin}${api.instances()}`, user, body: outline, sealed: parameters.sealed, prompts: credentials.filled === "none" ? [] : PACKAGE_PROMPTS, files: userDataLength === 0 ? [] : [{ field: "userData", file: "user-data" }] });
  const text = (field: DraftField & ("name" | "owner" | "vcpus" | "memoryMib"), hasHint: boolean) => ({
    ...fieldIds(field, { hint: hasHint, error: (field === "name" ? nameError : errorOf(field)) !== null }),
    value: draft[field],
    autoComplete: "off",
    onChange: (event: { readonly target: { readonly value: string } }) => set({ [field]: event.target.value }),
  });

  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_380px]">
      <form ref={form} method="post" autoComplete="off" noValidate onInput={noteTyping} onSubmit={(event) => void submit(event)} className="min-w-0 rounded-md border border-line bg-panel">
        <FormSection title="Instance">
          <Field id="name" label="Name" hint="Its host name, and how it is called everywhere." error={nameError}>
            <Input {...text("name", true)} autoFocus autoCapitalize="none" spellCheck={false} maxLength={253} placeholder="web-3.example.test" className="font-mono text-small" />
          </Field>
          <Field id="owner" label="Owner" hint="Name of the user who may see and reinstall it. Empty: yours." error={errorOf("owner")}>
            <Input {...text("owner", true)} autoCapitalize="none" spellCheck={false} maxLength={64} placeholder={user} />
          </Field>
          <Field id="node" label="Node" error={errorOf("node")}>
            <Select
              {...fieldIds("node", { hint: false, error: errorOf("node") !== null })}
              value={draft.node}
              onChange={(event) => {
                set({ node: event.target.value });
                router.replace(paths.newInstance({ os: osType ?? NO_OS, node: event.target.value, find }), { scroll: false });
              }}
            >
              <option value="">the one with the most room</option>
              {nodes.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
        </FormSection>
        <FormSection title="System">
          <OsSelect offered={offered} value={osType} find={find} hint={trustHint(osType, preview?.plan.runs ?? [])} hrefOf={(os, search) => paths.newInstance({ os, node: draft.node, find: search })} />
          <ImageSection source={source} errors={shownErrors} hasScripts={osType !== null} />
        </FormSection>
        <FormSection title="Hardware">
          <Field id="vcpus" label="vCPUs" error={errorOf("vcpus")}>
            <Input {...text("vcpus", false)} type="number" min={1} max={256} step={1} className="max-w-32" />
          </Field>
          <Field id="memoryMib" label="Memory, MiB" hint={minimum.memoryMib > 0 ? `At least ${formatMib(minimum.memoryMib)}.` : null} error={errorOf("memoryMib")}>
            <Input {...text("memoryMib", minimum.memoryMib > 0)} type="number" min={32} step={1} className="max-w-32" />
          </Field>
          <DiskFields disks={draft.disks} minimumMib={minimum.diskMib} error={errorOf("disks")} onChange={(disks) => set({ disks })} />
          <Field id="start" label="Afterwards">
            <Select {...fieldIds("start", { hint: false, error: false })} value={draft.start ? "running" : "stopped"} onChange={(event) => set({ start: event.target.value === "running" })}>
              <option>running</option>
              <option>stopped</option>
            </Select>
          </Field>
        </FormSection>
        <FormSection title="Network">
          <NicList nics={draft.nics} withMac choices={nics.choices} first={nics.first} problem={problem} onChange={(changed) => set({ nics: changed })} />
        </FormSection>
        <FormSection title="Metadata">
          <CreateMetadata
            draft={draft}
            sshKeysError={errorOf("sshKeys") === null ? null : (keyProblem(problem?.field ?? null, 0) ?? errorOf("sshKeys"))}
            userDataError={errorOf("userData") ?? userDataProblem(userDataLength)}
            userData={userData}
            onChange={set}
            onUserData={(length) => {
              setUserDataLength(length);
              setProblem((before) => (draftField(before?.field ?? null) === "userData" ? null : before));
            }}
          />
        </FormSection>
        <FormSection title="Parameters">
          {osType === null ? <FreeParameters parameters={free} onChange={setFree} /> : <ParameterFields prompts={prompts} errorAt={errorAt} error={besideField(problem)} />}
        </FormSection>
        <MoreSection source={source} errors={shownErrors} needsCredentials={false} onCredentials={() => credentials.filled === "both" && foreseen.checkAgain()} disks={null} />
        {problem === null ? null : (
          <div className="px-5 pb-4">
            <ProblemNotice problem={problem} />
          </div>
        )}
        <FormEnd why={busy ? "Sent" : why}>
          <CopyButton text={command}>Copy as curl</CopyButton>
          <Button type="submit" kind="main" disabled={!alive || busy || why !== null}>
            Create {draft.name === "" ? "the instance" : draft.name}
          </Button>
        </FormEnd>
      </form>
      <div className="flex min-w-0 flex-col gap-5">
        <WhatHappens name={draft.name === "" ? "the instance" : draft.name} preview={foreseen.preview} kept={null} pending={foreseen.pending} refused={foreseen.refused} waiting={parameters.missing.length === 0 ? [] : ["parameters"]} onCheckAgain={foreseen.checkAgain} />
        <Card>
          <section aria-labelledby="api-call" className="px-5 py-4">
            <h2 id="api-call" className="mb-2 font-semibold">
              The same by API
            </h2>
            <p className="mb-2 font-mono text-small">POST {api.instances()}</p>
            <pre tabIndex={0} aria-label="Body of the request" className="overflow-x-auto rounded-sm bg-log p-3 font-mono text-small">
              {JSON.stringify(withPlaceholders({ ...outline, ...(userDataLength === 0 ? {} : { userData: "…" }) }, parameters.sealed), null, 2)}
            </pre>
          </section>
        </Card>
      </div>
    </div>
  );
}

/** The body to look at: where sealed values go is shown, what they are isn't. */
function withPlaceholders(outline: ReturnType<typeof draftBody> & SourceBody & { readonly parameters: { readonly public: Readonly<Record<string, string>> } }, sealed: readonly { readonly name: string; readonly visibility: "private" | "secret" }[]) {
  const of = (visibility: "private" | "secret") =>
    Object.fromEntries(sealed.filter((one) => one.visibility === visibility).map(({ name }) => [name, "…"]));
  return { ...outline, parameters: { ...outline.parameters, private: of("private"), secret: of("secret") } };
}
