"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import type { DefinitionQuestion } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { ConfirmName } from "./confirm-name.tsx";

interface Question {
  readonly title: (name: string) => string;
  readonly says: (name: string) => string;
  readonly kind: "main" | "danger-main";
  /** What is sent; null: the definition is deleted. */
  readonly change: Readonly<Record<string, boolean>> | null;
}

export const QUESTIONS: Readonly<Record<DefinitionQuestion, Question>> = {
  hide: {
    title: (name) => `Hide ${name}`,
    says: (name) => `${name} is no longer offered for new instances and reinstalls. Instances that have it keep it, and whoever names it can still install it.`,
    kind: "main",
    change: { hidden: true },
  },
  show: { title: (name) => `Show ${name}`, says: (name) => `${name} is offered again for new instances and reinstalls.`, kind: "main", change: { hidden: false } },
  blacklist: {
    title: (name) => `Blacklist ${name}`,
    says: (name) => `Nobody can create an instance with ${name}. Instances that have it can still be reinstalled with it.`,
    kind: "danger-main",
    change: { blacklisted: true },
  },
  allow: { title: (name) => `Allow ${name} again`, says: (name) => `${name} can be used for new instances again.`, kind: "main", change: { blacklisted: false } },
  delete: {
    title: (name) => `Delete ${name}`,
    says: (name) => `${name} is removed with all its versions, its defaults and its trust. What is installed already stays as it is. Nothing brings it back.`,
    kind: "danger-main",
    change: null,
  },
};

interface Props {
  readonly name: string;
  readonly serialNo: number;
  readonly question: DefinitionQuestion | null;
  /** Why it can't be done now. */
  readonly blocked: string | null;
  readonly user: string;
  readonly onClose: () => void;
}

/** Says what will happen to a definition in a sentence, and does it. To delete it takes the name. */
export function DefinitionDialog({ question, ...rest }: Props) {
  return (
    <Dialog open={question !== null} onClose={rest.onClose} title={question === null ? "" : QUESTIONS[question].title(rest.name)}>
      {question === null ? null : <QuestionForm {...rest} question={question} />}
    </Dialog>
  );
}

function QuestionForm({ name, serialNo, question, blocked, user, onClose }: Props & { readonly question: DefinitionQuestion }) {
  const router = useRouter();
  const { title, says, kind, change } = QUESTIONS[question];
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const byName = change === null;
  const ready = !busy && blocked === null && (!byName || typed === name);
  const body = change === null ? null : { ...change, serialNo };

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    const answer = body === null ? await request("DELETE", api.osDefinition(name)) : await request("PATCH", api.osDefinition(name), { body });
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.problem);
      return;
    }
    if (change === null) router.replace(paths.osDefinitions());
    else {
      onClose();
      router.refresh();
    }
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>{blocked ?? says(name)}</p>
      {byName && blocked === null ? <ConfirmName name={name} typed={typed} onType={setTyped} first /> : null}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: body === null ? "DELETE" : "PATCH", url: `${window.location.origin}${api.osDefinition(name)}`, user, body: body ?? {}, sealed: [] })}>Copy as curl</CopyButton>
        <Button {...(byName ? {} : { "data-first": true })} onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" kind={kind} disabled={!ready}>
          {title(name)}
        </Button>
      </div>
    </form>
  );
}
