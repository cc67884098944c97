"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { ConfirmName } from "#components/os-definitions/confirm-name.tsx";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import type { NetworkView } from "#lib/domain/network.ts";

/** Deletes a network, by its name. */
export function DeleteNetworkForm({ network, user, onClose }: { readonly network: NetworkView; readonly user: string; readonly onClose: () => void }) {
  const router = useRouter();
  const { name } = network;
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ready = !busy && typed === name;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    const answer = await request("DELETE", api.network(name));
    if (answer.ok) {
      router.push(paths.networks());
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>
        {name} and what is reserved of {network.subnet} are forgotten. No instance has an address of it.
      </p>
      <ConfirmName name={name} typed={typed} onType={setTyped} first />
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: "DELETE", url: `${window.location.origin}${api.network(name)}`, user, body: {}, sealed: [] })}>Copy as curl</CopyButton>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" kind="danger-main" disabled={!ready}>
          Delete {name}
        </Button>
      </div>
    </form>
  );
}
