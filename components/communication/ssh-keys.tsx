"use client";

import { X } from "lucide-react";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { useChange } from "#components/api/use-change.ts";
import { plural } from "#components/format.ts";
import { api } from "#components/paths.ts";
import { Button, IconButton } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Textarea } from "#components/ui/field.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { useAlive } from "#components/ui/use-alive.ts";
import { addedKeys, keyProblem } from "./added-keys.ts";
import type { SshKeyRow } from "./ssh-key-rows.ts";

/** The public keys that metadata hands out. Each change is made at once. */
export function SshKeys({ instance, keys, blocked, user }: { readonly instance: string; readonly keys: readonly SshKeyRow[]; readonly blocked: string | null; readonly user: string }) {
  const alive = useAlive();
  const { busy, problem, forget, send } = useChange();
  const [typed, setTyped] = useState("");
  const present = keys.map(({ line }) => line);
  const added = addedKeys(typed, present);
  const change = (lines: readonly string[]): Promise<boolean> => send("PATCH", api.instance(instance), { sshKeys: lines });
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (added.length > 0 && blocked === null && (await change([...present, ...added]))) setTyped("");
  };
  return (
    <form method="post" autoComplete="off" onSubmit={(event) => void submit(event)}>
      {keys.length === 0 ? <p className="px-4 pb-3 text-soft">None: nobody gets in by a key that metadata hands out.</p> : null}
      <ul>
        {keys.map(({ line, type, fingerprint, comment }) => (
          <li key={line} className="flex min-h-10 items-center gap-3 border-t border-line px-4 py-1.5">
            <span className="min-w-0">
              <span className="block wrap-anywhere">
                {comment === "" ? <span className="text-soft">no comment</span> : comment} <span className="text-small text-soft">{type}</span>
              </span>
              <Mono className="block text-soft wrap-anywhere">{fingerprint}</Mono>
            </span>
            <span className="ml-auto">
              <IconButton label={`Remove the key ${comment === "" ? (fingerprint ?? line.slice(0, 40)) : comment}`} disabled={!alive || busy || blocked !== null} onClick={() => void change(present.filter((other) => other !== line))}>
                <X aria-hidden="true" size={16} />
              </IconButton>
            </span>
          </li>
        ))}
      </ul>
      <div className="flex flex-col gap-2 border-t border-line px-4 py-3">
        <Textarea
          aria-label="Public keys to add, one a line"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            forget();
          }}
          placeholder="ssh-ed25519 AAAA… name@machine"
          rows={2}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono text-small"
        />
        {problem === null ? null : <ProblemNotice problem={{ ...problem, detail: keyProblem(problem.field, present.length) ?? problem.detail }} />}
        <div className="flex flex-wrap items-center justify-end gap-2">
          {blocked === null ? null : <p className="mr-auto text-small text-soft">{blocked}</p>}
          <CopyButton text={() => curlCommand({ method: "PATCH", url: `${window.location.origin}${api.instance(instance)}`, user, body: { sshKeys: [...present, ...added] }, sealed: [] })}>Copy as curl</CopyButton>
          <Button type="submit" disabled={!alive || busy || added.length === 0 || blocked !== null}>
            Add {added.length <= 1 ? "the key" : plural(added.length, "key", "keys")}
          </Button>
        </div>
      </div>
    </form>
  );
}
