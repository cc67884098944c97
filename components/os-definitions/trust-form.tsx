"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { besideField, request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { FormEnd, FormSection } from "#components/instances/form-section.tsx";
import { api } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Textarea } from "#components/ui/field.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import { ConfirmName } from "./confirm-name.tsx";
import { trustSentence, withdrawSentence } from "./trust-effect.ts";
import type { TrustEffect } from "./trust-effect.ts";

interface Props {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  /** Withdraw the trust that this version has, or give it. */
  readonly withdraw: boolean;
  /** Of a definition with an owner, updates can't be trusted: their uploads would be, unseen. */
  readonly owner: string | null;
  readonly effect: TrustEffect;
  /** Why trust brings nothing onto a host as things are; null: it does. */
  readonly notOnHost: string | null;
  readonly blocked: string | null;
  readonly user: string;
}

const MOST_REASON = 500;

/**
 * Sets or withdraws trust. What was read is what is trusted: the form holds the version with which it was opened, and says so
 * when another one has come meanwhile, instead of taking that one in silence.
 */
export function TrustForm(props: Props) {
  const [opened, setOpened] = useState({ version: props.version, digest: props.digest });
  return (
    <TrustFormOf
      {...props}
      // Everything typed was said of the version before.
      key={opened.digest}
      version={opened.version}
      digest={opened.digest}
      newer={props.digest === opened.digest ? null : props.version}
      onTakeNewer={() => setOpened({ version: props.version, digest: props.digest })}
    />
  );
}

function TrustFormOf({ name, version, digest, withdraw, owner, effect, notOnHost, blocked, user, newer, onTakeNewer }: Props & { readonly newer: number | null; readonly onTakeNewer: () => void }) {
  const router = useRouter();
  const alive = useAlive();
  const [reason, setReason] = useState("");
  const [updates, setUpdates] = useState(false);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const why = blocked ?? (newer !== null ? `Version ${newer} came meanwhile` : reason.trim() === "" ? "A reason is missing" : typed === name ? null : `Type ${name} to confirm`);
  const body = withdraw ? { trusted: false, reason: reason.trim() } : { trusted: true, digest, reason: reason.trim(), updates };

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null) return;
    setBusy(true);
    setProblem(null);
    const answer = await request("POST", api.osTrust(name), { body });
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.problem);
      return;
    }
    setReason("");
    setTyped("");
    setUpdates(false);
    router.refresh();
  };
  const reasonError = problem?.field === "reason" ? besideField(problem) : null;
  return (
    <form method="post" noValidate onSubmit={(event) => void submit(event)} className="min-w-0 rounded-md border border-line bg-panel">
      <FormSection title={withdraw ? `Withdraw trust from ${name}` : `Trust version ${version} of ${name}`}>
        {newer === null ? null : (
          <div className="mb-4">
            <Notice kind="wait" live title={`Version ${newer} was registered while you were here`}>
              <p className="mb-2">What you read was version {version}.</p>
              <Button onClick={onTakeNewer}>Take version {newer} instead</Button>
            </Notice>
          </div>
        )}
        <p className="mb-3 max-w-[72ch]">
          {withdraw ? withdrawSentence(name, effect) : trustSentence(effect, notOnHost)} {withdraw ? null : <Digest digest={digest} label={`digest of version ${version}`} />}
        </p>
        <Field id="trust-reason" label="Reason" hint={withdraw ? "Kept in the audit log." : "Kept in the audit log, and shown beside the trust."} error={reasonError}>
          <Textarea {...fieldIds("trust-reason", { hint: true, error: reasonError !== null })} rows={2} value={reason} onChange={(event) => setReason(event.target.value)} maxLength={MOST_REASON} needed={reason.trim() === ""} placeholder={withdraw ? "Why it is no longer trusted" : "Who read it, and what it does on the host"} />
        </Field>
        {withdraw || owner !== null ? null : (
          <div className="grid gap-x-3 py-1.5 sm:grid-cols-[180px_minmax(0,1fr)]">
            <span className="max-sm:hidden" />
            <label className="flex items-start gap-2.5">
              <input type="checkbox" checked={updates} onChange={(event) => setUpdates(event.target.checked)} className="mt-0.5 size-4 shrink-0 accent-accent" />
              <span>
                Updates of this definition are trusted too
                <span className="block text-small text-soft">
                  Every administrator can then upload code for hosts that is trusted at once, and nobody reads it first.
                </span>
              </span>
            </label>
          </div>
        )}
        <div className="grid gap-x-3 py-1.5 sm:grid-cols-[180px_minmax(0,1fr)]">
          <span className="max-sm:hidden" />
          <ConfirmName name={name} typed={typed} onType={setTyped} />
        </div>
        {problem === null || reasonError !== null ? null : (
          <div className="mt-2">
            <ProblemNotice problem={problem} />
          </div>
        )}
      </FormSection>
      <FormEnd why={busy ? "Sent" : why}>
        <CopyButton text={() => curlCommand({ method: "POST", url: `${window.location.origin}${api.osTrust(name)}`, user, body, sealed: [] })}>Copy as curl</CopyButton>
        <Button type="submit" kind={withdraw ? "main" : "danger-main"} disabled={!alive || busy || why !== null}>
          {withdraw ? `Withdraw trust from ${name}` : `Trust version ${version} of ${name}`}
        </Button>
      </FormEnd>
    </form>
  );
}
