"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { useChange } from "#components/api/use-change.ts";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import type { NicView } from "#lib/domain/instance.ts";
import { areNicsChanged, changedNicBody, draftOfNic, nicProblem } from "./nic-draft.ts";
import type { NicDraft } from "./nic-draft.ts";
import type { NicChoices } from "./nic-fields.tsx";
import { NicList } from "./nic-list.tsx";

interface Props {
  readonly instance: string;
  readonly nics: readonly NicView[];
  readonly choices: NicChoices;
  readonly first: NicDraft;
  readonly user: string;
}

/** Changes what an instance's NICs are connected to. Open while the address says so. */
export function NicsDialog(props: Props) {
  const router = useRouter();
  const open = useSearchParams().get("do") === "nics";
  const close = (): void => router.replace(paths.instanceHardware(props.instance), { scroll: false });
  return (
    <Dialog open={open} onClose={close} title={`NICs of ${props.instance}`}>
      {open ? <NicsForm {...props} onClose={close} /> : null}
    </Dialog>
  );
}

function NicsForm({ instance, nics, choices, first, user, onClose }: Props & { readonly onClose: () => void }) {
  const { busy, problem, forget, send } = useChange();
  const [drafts, setDrafts] = useState<readonly NicDraft[]>(nics.map(draftOfNic));
  const why = drafts.map(nicProblem).find((text) => text !== null) ?? null;
  const ready = !busy && why === null && areNicsChanged(drafts, nics);
  const body = { nics: drafts.map((draft, index) => changedNicBody(draft, nics[index])) };
  const change = (changed: readonly NicDraft[]): void => {
    setDrafts(changed);
    forget();
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (ready && (await send("PATCH", api.instance(instance), body))) onClose();
  };
  return (
    <form method="post" autoComplete="off" noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 px-5 py-4">
      <p>{instance} has them from its next start on. An address that it gives up can go to another one at once.</p>
      <div>
        <NicList nics={drafts} withMac={false} choices={choices} first={first} problem={problem} onChange={change} />
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p role="status" className="w-full text-small text-soft">
          {why}
        </p>
        <CopyButton text={() => curlCommand({ method: "PATCH", url: `${window.location.origin}${api.instance(instance)}`, user, body, sealed: [] })}>Copy as curl</CopyButton>
        <Button onClick={onClose}>Leave them</Button>
        <Button type="submit" kind="main" disabled={!ready}>
          Change the NICs
        </Button>
      </div>
    </form>
  );
}
