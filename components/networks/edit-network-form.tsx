"use client";

import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { useChange } from "#components/api/use-change.ts";
import { api } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import type { NetworkView } from "#lib/domain/network.ts";
import { draftOfNetwork, draftProblem, networkChanges } from "./network-draft.ts";
import type { NetworkDraft } from "./network-draft.ts";
import { errorOf, NetworkFields, SubnetField } from "./network-fields.tsx";
import { whyNotDeleted } from "./why-not.ts";

/** Changes how a network is connected and what its guests are told. */
export function EditNetworkForm({ network, user, onClose }: { readonly network: NetworkView; readonly user: string; readonly onClose: () => void }) {
  const { busy, problem, forget, send } = useChange();
  const [draft, setDraft] = useState<NetworkDraft>(draftOfNetwork(network));
  const set = (change: Partial<NetworkDraft>): void => {
    setDraft((before) => ({ ...before, ...change }));
    forget();
  };
  const changes = networkChanges(draft, network);
  const ready = !busy && Object.keys(changes).length > 0 && draftProblem(draft) === null;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (ready && (await send("PATCH", api.network(network.name), changes))) onClose();
  };
  return (
    <form method="post" noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 px-5 py-4">
      <p>Instances hear of it when they start the next time.</p>
      <div>
        {whyNotDeleted(network) === undefined ? <SubnetField draft={draft} onChange={set} error={errorOf({ draft, problem }, "subnet")} hint="It can be changed while nobody has an address of it." /> : null}
        {network.purpose === "communication" ? null : <NetworkFields draft={draft} onChange={set} problem={problem} />}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: "PATCH", url: `${window.location.origin}${api.network(network.name)}`, user, body: changes, sealed: [] })}>Copy as curl</CopyButton>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" kind="main" disabled={!ready}>
          Change {network.name}
        </Button>
      </div>
    </form>
  );
}
