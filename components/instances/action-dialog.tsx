"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Answer, Problem } from "#components/api/request.ts";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { Input } from "#components/ui/field.tsx";
import type { InstanceAction } from "#lib/domain/instance.ts";

/** Actions that a dialog asks about; reinstall has a page of its own. */
export type ConfirmedAction = Exclude<InstanceAction, "reinstall">;

/** Seconds that a guest gets to go by itself. */
const GRACE = 60;

interface Question {
  readonly title: (name: string) => string;
  readonly says: (name: string) => string;
  /** Whether the name has to be typed. */
  readonly byName: boolean;
  readonly kind: "main" | "danger-main";
}

const QUESTIONS: Readonly<Record<ConfirmedAction, Question>> = {
  start: { title: (name) => `Start ${name}`, says: (name) => `${name} starts from its disk.`, byName: false, kind: "main" },
  stop: { title: (name) => `Stop ${name}`, says: (name) => `${name} gets ${GRACE} s to shut down by itself. Then its power is cut.`, byName: false, kind: "danger-main" },
  reboot: { title: (name) => `Reboot ${name}`, says: (name) => `${name} gets ${GRACE} s to shut down by itself, then its power is cut. It starts again from its disk.`, byName: false, kind: "danger-main" },
  cancel: { title: (name) => `Cancel the install of ${name}`, says: () => "The install ends at once. A reinstall leaves the old system as it was; a first install leaves an instance without a system, ready to be reinstalled or deleted.", byName: false, kind: "danger-main" },
  delete: { title: (name) => `Delete ${name}`, says: (name) => `${name} is stopped, and its disks are removed with everything on them. Nothing brings them back.`, byName: true, kind: "danger-main" },
};

interface ActionDialogProps {
  readonly name: string;
  readonly action: ConfirmedAction | null;
  readonly jobId: number | null;
  readonly onClose: () => void;
}

/** Says what will happen in a sentence, and does it. Dangerous ones ask for the name. */
export function ActionDialog({ name, action, jobId, onClose }: ActionDialogProps) {
  return (
    <Dialog open={action !== null} onClose={onClose} title={action === null ? "" : QUESTIONS[action].title(name)}>
      {action === null ? null : <ActionForm name={name} action={action} jobId={jobId} onClose={onClose} />}
    </Dialog>
  );
}

function ActionForm({ name, action, jobId, onClose }: ActionDialogProps & { readonly action: ConfirmedAction }) {
  const router = useRouter();
  const question = QUESTIONS[action];
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ready = !busy && (!question.byName || typed === name);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    const answer = await carryOut(name, action, jobId);
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.problem);
      return;
    }
    onClose();
    if (action === "delete") router.push(paths.instances());
    else router.refresh();
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>{question.says(name)}</p>
      {question.byName ? (
        <label className="flex flex-col gap-1">
          <span>
            Type <b className="font-mono text-small font-semibold">{name}</b> to confirm
          </span>
          <Input data-first value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" autoCapitalize="none" spellCheck={false} className="font-mono text-small" />
        </label>
      ) : null}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button {...(question.byName ? {} : { "data-first": true })} onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" kind={question.kind} disabled={!ready}>
          {question.title(name)}
        </Button>
      </div>
    </form>
  );
}

function carryOut(name: string, action: ConfirmedAction, jobId: number | null): Promise<Answer<unknown>> {
  switch (action) {
    case "start":
      return request("POST", api.power(name), { body: { action } });
    case "stop":
    case "reboot":
      return request("POST", api.power(name), { body: { action, graceSeconds: GRACE } });
    case "cancel":
      return jobId === null
        ? Promise.resolve({ ok: false, problem: { code: "conflict", detail: "The install is over already.", field: null, requestId: null } })
        : request("POST", api.cancelJob(jobId));
    case "delete":
      return request("DELETE", api.instance(name));
  }
}
