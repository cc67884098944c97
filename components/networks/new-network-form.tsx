"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { FormEnd, FormSection } from "#components/instances/form-section.tsx";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { draftProblem, EMPTY_NETWORK, missingOf, networkField, newNetworkBody } from "./network-draft.ts";
import type { NetworkDraft } from "./network-draft.ts";
import { errorOf, NetworkFields, SubnetField } from "./network-fields.tsx";

const PURPOSE_HINT: Readonly<Record<NetworkView["purpose"], string>> = {
  instances: "NICs that name the network get a free address of it.",
  communication: "More addresses for channels between guests and their hosts, beside the first network’s. Link-local, or of your own that nothing else uses.",
};

export function NewNetworkForm({ user }: { readonly user: string }) {
  const router = useRouter();
  const alive = useAlive();
  const [draft, setDraft] = useState<NetworkDraft>(EMPTY_NETWORK);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<NetworkDraft>): void => {
    setDraft((before) => ({ ...before, ...change }));
    // What was refused is no longer what stands there.
    setProblem((before) => ((networkField(before?.field ?? null) ?? "") in change ? null : before));
  };
  const why = draftProblem(draft)?.text ?? missingOf(draft);
  const body = newNetworkBody(draft);
  const error = (field: "name" | "purpose" | "subnet"): string | null => errorOf({ draft, problem }, field);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null) return;
    setBusy(true);
    setProblem(null);
    const answer = await request<NetworkView>("POST", api.networks(), { body });
    if (answer.ok) {
      router.push(paths.network(answer.value.name));
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  return (
    <form method="post" autoComplete="off" noValidate onSubmit={(event) => void submit(event)} className="max-w-[760px] min-w-0 rounded-md border border-line bg-panel">
      <FormSection title="Network">
        <Field id="network-name" label="Name" error={error("name")}>
          <Input {...fieldIds("network-name", { hint: false, error: error("name") !== null })} value={draft.name} onChange={(event) => set({ name: event.target.value })} autoFocus autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={63} placeholder="lan" className="max-w-80 font-mono text-small" />
        </Field>
        <Field id="network-purpose" label="For" hint={PURPOSE_HINT[draft.purpose]} error={error("purpose")}>
          <span className="block max-w-80">
            <Select {...fieldIds("network-purpose", { hint: true, error: error("purpose") !== null })} value={draft.purpose} onChange={(event) => set({ purpose: event.target.value === "communication" ? "communication" : "instances" })}>
              <option value="instances">NICs of instances</option>
              <option value="communication">the communication mechanism</option>
            </Select>
          </span>
        </Field>
        <SubnetField draft={draft} onChange={set} error={error("subnet")} hint="IPv4. It stays once somebody has an address of it." />
      </FormSection>
      {draft.purpose === "communication" ? null : (
        <FormSection title="Connection">
          <NetworkFields draft={draft} onChange={set} problem={problem} />
        </FormSection>
      )}
      {problem === null ? null : (
        <div className="px-5 pb-4">
          <ProblemNotice problem={problem} />
        </div>
      )}
      <FormEnd why={busy ? "Sent" : why}>
        <CopyButton text={() => curlCommand({ method: "POST", url: `${window.location.origin}${api.networks()}`, user, body, sealed: [] })}>Copy as curl</CopyButton>
        <Button type="submit" kind="main" disabled={!alive || busy || why !== null}>
          Make {draft.name.trim() === "" ? "the network" : draft.name.trim()}
        </Button>
      </FormEnd>
    </form>
  );
}
