"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { FormEnd, FormSection } from "#components/instances/form-section.tsx";
import { api } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input, Textarea } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import type { ClusterView } from "#lib/domain/views.ts";
import { changesOf, draftErrors, draftOf } from "./cluster-draft.ts";
import type { ClusterDraft } from "./cluster-draft.ts";

/** Settings that hold for every node, definition and install. */
export function ClusterForm({ cluster, user }: { readonly cluster: ClusterView; readonly user: string }) {
  const router = useRouter();
  const alive = useAlive();
  const [draft, setDraft] = useState<ClusterDraft>(draftOf(cluster));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<ClusterDraft>): void => setDraft((before) => ({ ...before, ...change }));
  const changes = changesOf(draft, cluster);
  const errors = draftErrors(draft);
  const count = Object.keys(changes).length;
  const wrong = Object.values(errors).some((error) => error !== null);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || count === 0 || wrong) return;
    setBusy(true);
    setProblem(null);
    const answer = await request<ClusterView>("PATCH", api.cluster(), { body: changes });
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.problem);
      return;
    }
    setDraft(draftOf(answer.value));
    router.refresh();
  };
  return (
    <form method="post" noValidate onSubmit={(event) => void submit(event)} className="min-w-0 rounded-md border border-line bg-panel">
      <FormSection title="Scripts on hosts">
        <div role="radiogroup" aria-label="Scripts on hosts" className="flex flex-col gap-3">
          <Choice name="allowed" checked={draft.hostScripts} onChoose={() => set({ hostScripts: true })}>
            The host scripts of definitions that an administrator trusts may run as root on nodes whose agents run any. Everything else runs in the appliance.
          </Choice>
          <Choice name="forbidden" checked={!draft.hostScripts} onChoose={() => set({ hostScripts: false })}>
            No definition runs anything on a host, trusted or not. Installs of definitions that have only a host half are refused.
          </Choice>
        </div>
      </FormSection>
      <FormSection title="Safe installs">
        <Switch checked={draft.enableSafeInstall} onChange={(enableSafeInstall) => set({ enableSafeInstall })} word="run untrusted scripts in the appliance unless a request says otherwise">
          What Ganeti calls enable_safe_install. Without it, only trusted definitions with a host half alone can be installed by requests that say nothing of it.
        </Switch>
      </FormSection>
      <FormSection title="Metadata service">
        <Switch checked={draft.requireMetadataTokens} onChange={(requireMetadataTokens) => set({ requireMetadataTokens })} word="require tokens">
          A guest gets its metadata only with a token that it has asked for first (IMDSv2), so that a program that is tricked into fetching an address can’t fetch them. Guests hear of a change at their next start. Images that know no tokens find nothing.
        </Switch>
      </FormSection>
      <FormSection title="Installs">
        <Field id="install-timeout" label="Install timeout, minutes" hint="From the first byte to the report; then the install is ended. No request overrides it. Empty: no limit." error={errors.timeout}>
          <Input {...fieldIds("install-timeout", { hint: true, error: errors.timeout !== null })} value={draft.timeout} onChange={(event) => set({ timeout: event.target.value })} inputMode="decimal" autoComplete="off" placeholder="no limit" className="max-w-32" />
        </Field>
        <Field id="medium-timeout" label="With a medium, minutes" hint="The same for installs by a medium, and for images that report from their first boot. Empty: no limit." error={errors.mediumTimeout}>
          <Input {...fieldIds("medium-timeout", { hint: true, error: errors.mediumTimeout !== null })} value={draft.mediumTimeout} onChange={(event) => set({ mediumTimeout: event.target.value })} inputMode="decimal" autoComplete="off" placeholder="no limit" className="max-w-32" />
        </Field>
        <Field id="private-sources" label="Private sources" hint="Hosts, addresses and ranges, one a line. Images, media and packages are fetched from public addresses, and from these." error={errors.privateSources}>
          <Textarea
            {...fieldIds("private-sources", { hint: true, error: errors.privateSources !== null })}
            value={draft.privateSources}
            onChange={(event) => set({ privateSources: event.target.value })}
            rows={3}
            placeholder="none"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            className="max-w-[72ch] font-mono text-small"
          />
        </Field>
      </FormSection>
      <FormSection title="Disks that go">
        <Field id="disk-retention" label="Old disks kept, days" hint="How long the disk that a reinstall replaced stays on its node. 0: it goes once the new system stands." error={errors.retention}>
          <Input {...fieldIds("disk-retention", { hint: true, error: errors.retention !== null })} value={draft.retention} onChange={(event) => set({ retention: event.target.value })} inputMode="decimal" autoComplete="off" className="max-w-32" />
        </Field>
        <Switch checked={draft.eraseDisks} onChange={(eraseDisks) => set({ eraseDisks })} word="overwrite them">
          With zeros, before they are removed: disks of deleted instances, old ones whose time is over, snapshots and exports. It takes as long as writing them.
        </Switch>
        {problem === null ? null : (
          <div className="mt-2">
            <ProblemNotice problem={problem} />
          </div>
        )}
      </FormSection>
      <FormEnd why={busy ? "Sent" : count === 0 ? "As they are now" : `${count} changed; installs under way keep what they began with`}>
        {count === 0 ? null : <Button onClick={() => setDraft(draftOf(cluster))}>Leave them as they are</Button>}
        <CopyButton text={() => curlCommand({ method: "PATCH", url: `${window.location.origin}${api.cluster()}`, user, body: changes, sealed: [] })}>Copy as curl</CopyButton>
        <Button type="submit" kind={changes.hostScripts === true ? "danger-main" : "main"} disabled={!alive || busy || count === 0 || wrong}>
          {buttonText(changes)}
        </Button>
      </FormEnd>
    </form>
  );
}

function buttonText(changes: ReturnType<typeof changesOf>): string {
  if (changes.hostScripts === true) return "Allow scripts on hosts";
  if (changes.hostScripts === false) return "Forbid scripts on hosts";
  return "Change the settings";
}

function Switch({ checked, onChange, word, children }: { readonly checked: boolean; readonly onChange: (checked: boolean) => void; readonly word: string; readonly children: string }) {
  return (
    <label className="flex items-start gap-2.5 py-1.5">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} className="mt-0.5 size-4 shrink-0 accent-accent" />
      <span>
        {word}
        <span className="block max-w-[72ch] text-small text-soft">{children}</span>
      </span>
    </label>
  );
}

function Choice({ name, checked, onChoose, children }: { readonly name: string; readonly checked: boolean; readonly onChoose: () => void; readonly children: string }) {
  return (
    <label className="flex items-start gap-2.5">
      <input type="radio" name="host-scripts" checked={checked} onChange={onChoose} className="mt-0.5 size-4 shrink-0 accent-accent" />
      <span>
        {name}
        <span className="block max-w-[72ch] text-small text-soft">{children}</span>
      </span>
    </label>
  );
}
