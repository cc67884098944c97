"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlUpload } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { formatBytes } from "#components/format.ts";
import { FormEnd, FormSection } from "#components/instances/form-section.tsx";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input } from "#components/ui/field.tsx";
import { Progress } from "#components/ui/progress.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import type { OsDefinitionCheck } from "#lib/domain/os-definition-views.ts";
import { ARCHIVE_ENDINGS, archiveProblem, archiveType, nameFromArchive } from "./archive.ts";
import { CheckView } from "./check-view.tsx";
import { useUpload } from "./use-upload.ts";
import type { ChosenArchive } from "./use-upload.ts";

interface Props {
  /** Empty for a new definition. */
  readonly name: string;
  /** Source of the expression that names must match. */
  readonly namePattern: string;
  /** What is told of limits before anything is chosen. */
  readonly limits: string;
  readonly user: string;
}

/** An archive is checked, looked at, and then registered: three things, in this order. */
export function UploadForm({ name: initial, namePattern, limits, user }: Props) {
  const router = useRouter();
  const alive = useAlive();
  const allowed = new RegExp(namePattern);
  const [name, setName] = useState(initial);
  const [archive, setArchive] = useState<ChosenArchive | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const { state, check, problem, runCheck, register, reset } = useUpload((registered) => router.push(paths.osDefinition(registered)));
  const busy = state.step === "checking" || state.step === "registering";
  const nameError = name !== "" && !allowed.test(name) ? "Letters, digits, - . _ only, the first a letter or digit; at most 64." : null;
  const missing = archive === null ? (name === "" ? "Choose a name and an archive." : "Choose an archive.") : name === "" ? "Its name doesn’t serve as one: type a name." : null;

  const choose = async (file: File | undefined): Promise<void> => {
    reset();
    setArchive(null);
    const wrong = file === undefined ? null : archiveProblem(file);
    setRefused(wrong);
    if (file === undefined || wrong !== null) return;
    try {
      const chosen = { fileName: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
      const named = name === "" ? (nameFromArchive(file.name, allowed) ?? "") : name;
      setArchive(chosen);
      setName(named);
      if (allowed.test(named)) runCheck(named, chosen);
    } catch {
      setRefused(`${file.name} can't be read.`);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (busy || archive === null || nameError !== null || missing !== null) return;
    if (check === null) runCheck(name, archive);
    else if (!holdsNothingNew(check)) register(archive);
  };
  const command = (): string =>
    curlUpload({ url: `${window.location.origin}${api.osVersions(name, check?.owner ?? undefined)}`, user, contentType: archiveType(archive?.fileName ?? "") ?? "application/gzip", file: archive?.fileName ?? "definition.tar.gz" });
  const nothingNew = check !== null && holdsNothingNew(check) ? `Version ${check.existingVersion ?? ""}, the current one, holds this very content: there is nothing to register.` : null;

  return (
    <form method="post" noValidate onSubmit={submit} className="flex min-w-0 flex-col gap-5">
      <div className="rounded-md border border-line bg-panel">
        <FormSection title="Definition">
          <Field id="definition-name" label="Name" hint="How the definition is called everywhere. A name that is taken by one of yours gets a new version." error={nameError}>
            <Input
              {...fieldIds("definition-name", { hint: true, error: nameError !== null })}
              value={name}
              disabled={state.step === "registering"}
              onChange={(event) => {
                setName(event.target.value);
                reset();
              }}
              maxLength={64}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              placeholder="debian-lab"
              className="max-w-96 font-mono text-small"
            />
          </Field>
          <Field id="definition-archive" label="Archive" hint={limits} error={refused}>
            <input
              {...fieldIds("definition-archive", { hint: true, error: refused !== null })}
              type="file"
              accept={ARCHIVE_ENDINGS}
              disabled={busy}
              onChange={(event) => void choose(event.target.files?.[0])}
              className="w-full max-w-full text-soft file:mr-3 file:h-8 file:cursor-pointer file:rounded-md file:border file:border-solid file:border-edge file:bg-page file:px-3 file:text-ink hover:file:bg-hover"
            />
          </Field>
          {problem === null ? null : (
            <div className="mt-2">
              <ProblemNotice problem={problem} />
            </div>
          )}
          {state.step === "checking" || state.step === "registering" ? <Sending step={state.step} percent={state.percent} bytes={archive?.bytes.length ?? 0} /> : null}
        </FormSection>
        {check === null ? (
          <FormEnd why={missing ?? "Checked first: nothing of it runs, and nothing is registered."}>
            <CopyButton text={command}>Copy as curl</CopyButton>
            <Button type="submit" kind="main" disabled={!alive || busy || missing !== null || nameError !== null}>
              {name === "" ? "Check the archive" : `Check ${name}`}
            </Button>
          </FormEnd>
        ) : null}
      </div>
      {check === null ? null : (
        <>
          <CheckView check={check} />
          <div className="sticky bottom-3 z-10 rounded-md border border-edge bg-panel shadow-over">
            <FormEnd why={nothingNew ?? "Checked. Nothing is registered yet."}>
              <CopyButton text={command}>Copy as curl</CopyButton>
              <Button type="submit" kind="main" disabled={busy || nothingNew !== null}>
                {registerWords(check, user)}
              </Button>
            </FormEnd>
          </div>
        </>
      )}
    </form>
  );
}

/** The same content again changes nothing; that of an older version makes it the current one again. */
function holdsNothingNew({ existingVersion, diff }: OsDefinitionCheck): boolean {
  return existingVersion !== null && existingVersion === diff?.from.version;
}

/** Names whose definition it is where it is somebody else's. */
function registerWords(check: OsDefinitionCheck, user: string): string {
  const { existingVersion, nextVersion } = check;
  const name = check.owner === null || check.owner === user ? check.name : `${check.owner}’s ${check.name}`;
  if (existingVersion === null) return `Register version ${nextVersion} of ${name}`;
  return holdsNothingNew(check) ? `Version ${existingVersion} of ${name} is current` : `Make version ${existingVersion} of ${name} current again`;
}

function Sending({ step, percent, bytes }: { readonly step: "checking" | "registering"; readonly percent: number; readonly bytes: number }) {
  const sent = percent >= 100;
  return (
    <div className="mt-3 flex max-w-96 flex-col gap-1.5">
      <Progress percent={percent} label="Sent" />
      <p role="status" className="text-small text-soft">
        {sent ? (step === "checking" ? "The controller reads it" : "The controller registers it") : `Sending ${formatBytes(bytes)}`}
      </p>
    </div>
  );
}
