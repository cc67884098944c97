"use client";

import { X } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { FormEnd } from "#components/instances/form-section.tsx";
import { api } from "#components/paths.ts";
import { Button, IconButton } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";

interface Props {
  readonly name: string;
  readonly owner: string;
  readonly sharedWith: readonly string[];
  readonly serialNo: number;
  readonly blocked: string | null;
  readonly user: string;
}

/** Who sees a definition beside its owner. Each change is made at once. */
export function AccessForm({ name, owner, sharedWith, serialNo, blocked, user }: Props) {
  const router = useRouter();
  const alive = useAlive();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const added = typed.trim();
  const why = blocked ?? (added === "" ? null : added === owner ? `${owner} owns it` : sharedWith.includes(added) ? `${added} sees it already` : null);

  const change = async (users: readonly string[]): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    const answer = await request("PATCH", api.osDefinition(name), { body: { sharedWith: users, serialNo } });
    setBusy(false);
    if (answer.ok) router.refresh();
    else setProblem(answer.problem);
    return answer.ok;
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || added === "" || why !== null) return;
    if (await change([...sharedWith, added])) setTyped("");
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)}>
      <ul>
        <li className="flex min-h-10 items-center gap-3 border-t border-line px-4">
          <span className="min-w-0 truncate">{owner}</span>
          <span className="text-small text-soft">owner: changes it, shares it, deletes it</span>
        </li>
        {sharedWith.map((one) => (
          <li key={one} className="flex min-h-10 items-center gap-3 border-t border-line px-4">
            <span className="min-w-0 truncate">{one}</span>
            <span className="text-small text-soft">sees it and installs it</span>
            <span className="ml-auto">
              <IconButton label={`Stop sharing with ${one}`} disabled={busy || blocked !== null} onClick={() => void change(sharedWith.filter((other) => other !== one))}>
                <X aria-hidden="true" size={16} />
              </IconButton>
            </span>
          </li>
        ))}
      </ul>
      <div className="border-t border-line px-4 py-4">
        <Field id="share-with" label="Share with" hint={`Name of a user, who then sees all files of ${name} and can install it. Private defaults are given to those installs and shown to nobody.`}>
          <Input {...fieldIds("share-with", { hint: true, error: false })} value={typed} onChange={(event) => setTyped(event.target.value)} maxLength={64} autoComplete="off" autoCapitalize="none" spellCheck={false} className="max-w-96" />
        </Field>
        {problem === null ? null : (
          <div className="mt-2">
            <ProblemNotice problem={problem} />
          </div>
        )}
      </div>
      <FormEnd why={why}>
        <CopyButton text={() => curlCommand({ method: "PATCH", url: `${window.location.origin}${api.osDefinition(name)}`, user, body: { sharedWith: added === "" ? sharedWith : [...sharedWith, added], serialNo }, sealed: [] })}>Copy as curl</CopyButton>
        <Button type="submit" kind="main" disabled={!alive || busy || added === "" || why !== null}>
          {added === "" ? "Share it" : `Share with ${added}`}
        </Button>
      </FormEnd>
    </form>
  );
}
