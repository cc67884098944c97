"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";

interface Folder {
  readonly name: string;
  readonly root: string;
}

/** Folders that can be registered as they are there now. */
export function FolderTable({ node, folders, user }: { readonly node: string; readonly folders: readonly Folder[]; readonly user: string }) {
  const [asked, setAsked] = useState<Folder | null>(null);
  return (
    <>
      <Table label="OS folders">
        <thead>
          <tr>
            <Th>Folder</Th>
            <Th>In</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {folders.map((folder) => (
            <Tr key={`${folder.root}/${folder.name}`}>
              <Td className="whitespace-nowrap">
                <Mono>{folder.name}</Mono>
              </Td>
              <Td className="w-full text-soft">
                <Mono>{folder.root}</Mono>
              </Td>
              <Td className="text-right">
                <button type="button" aria-label={`Register ${folder.name}`} onClick={() => setAsked(folder)} className="inline-flex h-6 items-center rounded-sm px-1.5 text-accent hover:underline">
                  Register
                </button>
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      <Dialog open={asked !== null} onClose={() => setAsked(null)} title={asked === null ? "" : `Register ${asked.name}`}>
        {asked === null ? null : <RegisterForm node={node} name={asked.name} user={user} onClose={() => setAsked(null)} />}
      </Dialog>
    </>
  );
}

function RegisterForm({ node, name, user, onClose }: { readonly node: string; readonly name: string; readonly user: string; readonly onClose: () => void }) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    const answer = await request("POST", api.osRegistrations(name), { body: { node } });
    if (answer.ok) {
      router.push(paths.osDefinition(name));
      return;
    }
    setBusy(false);
    setProblem(answer.problem);
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>
        The folder is copied from {node} as it is now, and becomes the current version of {name}. Nothing of it runs, and it isn’t trusted by that.
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: "POST", url: `${window.location.origin}${api.osRegistrations(name)}`, user, body: { node }, sealed: [] })}>Copy as curl</CopyButton>
        <Button data-first onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" kind="main" disabled={busy}>
          Register {name}
        </Button>
      </div>
    </form>
  );
}
