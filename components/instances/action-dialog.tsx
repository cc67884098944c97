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
import { INSTANCE_NAME } from "#lib/domain/instance.ts";
import type { InstanceAction } from "#lib/domain/instance.ts";
import type { PreviousSystemView } from "#lib/domain/previous-system-views.ts";

/** Actions that a dialog asks about; reinstall has a page of its own, and snapshots are made where they are listed. */
export type ConfirmedAction = Exclude<InstanceAction, "reinstall" | "snapshot">;

/** Seconds that a guest gets to go by itself. */
const GRACE = 60;

interface Question {
  readonly title: (name: string) => string;
  readonly says: (name: string, previous: PreviousSystemView | null) => string;
  /** Whether the name has to be typed. */
  readonly byName: boolean;
  readonly kind: "main" | "danger-main";
}

const QUESTIONS: Readonly<Record<ConfirmedAction, Question>> = {
  start: { title: (name) => `Start ${name}`, says: (name) => `${name} starts from its disk.`, byName: false, kind: "main" },
  stop: { title: (name) => `Stop ${name}`, says: (name) => `${name} gets ${GRACE} s to shut down by itself. Then its power is cut.`, byName: false, kind: "danger-main" },
  reboot: { title: (name) => `Reboot ${name}`, says: (name) => `${name} gets ${GRACE} s to shut down by itself, then its power is cut. It starts again from its disk.`, byName: false, kind: "danger-main" },
  rescue: {
    title: (name) => `Start the rescue system of ${name}`,
    says: (name) => `The install appliance starts in the place of ${name}’s own system: read-only, without a network, with its disks and a shell on the serial console. Stop it when you are done.`,
    byName: false,
    kind: "main",
  },
  rollback: { title: (name) => `Roll back ${name}`, says: rollbackText, byName: false, kind: "main" },
  rename: {
    title: (name) => `Rename ${name}`,
    says: (name) => `Its definition’s script gives the system its new name, on a copy of its first disk that is swapped in when that worked. If it runs, it stops for that time. The API knows ${name} by the new name from then on.`,
    byName: false,
    kind: "main",
  },
  export: {
    title: (name) => `Export ${name}`,
    says: (name) => `Its definition’s script reads the disks and writes files from which an instance like it can be made on any node. If ${name} runs, it stops for that time and starts again. Nothing of it is changed.`,
    byName: false,
    kind: "main",
  },
  cancel: { title: (name) => `Cancel the install of ${name}`, says: () => "The install ends at once. A reinstall leaves the old system as it was; a first install leaves an instance without a system, ready to be reinstalled or deleted.", byName: false, kind: "danger-main" },
  delete: { title: (name) => `Delete ${name}`, says: (name) => `${name} is stopped, and its disks are removed with everything on them. Nothing brings them back.`, byName: true, kind: "danger-main" },
};

interface ActionDialogProps {
  readonly name: string;
  readonly action: ConfirmedAction | null;
  readonly jobId: number | null;
  readonly previous: PreviousSystemView | null;
  readonly onClose: () => void;
}

/** Says what will happen in a sentence, and does it. Dangerous ones ask for the name. */
export function ActionDialog({ name, action, jobId, previous, onClose }: ActionDialogProps) {
  return (
    <Dialog open={action !== null} onClose={onClose} title={action === null ? "" : QUESTIONS[action].title(name)}>
      {action === null ? null : <ActionForm name={name} action={action} jobId={jobId} previous={previous} onClose={onClose} />}
    </Dialog>
  );
}

function ActionForm({ name, action, jobId, previous, onClose }: ActionDialogProps & { readonly action: ConfirmedAction }) {
  const router = useRouter();
  const question = QUESTIONS[action];
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ready = !busy && (!question.byName || typed === name) && (action !== "rename" || (typed !== name && INSTANCE_NAME.test(typed)));

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    const answer = await carryOut(name, action, jobId, typed);
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.problem);
      return;
    }
    onClose();
    const next = nextPage(name, action, answer.value.jobId);
    if (next === null) router.refresh();
    else router.push(next);
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>{question.says(name, previous)}</p>
      {action === "rename" ? (
        <label className="flex flex-col gap-1">
          New name
          <Input data-first value={typed} onChange={(event) => setTyped(event.target.value)} maxLength={253} placeholder={name} autoComplete="off" autoCapitalize="none" spellCheck={false} className="font-mono text-small" />
        </label>
      ) : null}
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
        <Button {...(question.byName || action === "rename" ? {} : { "data-first": true })} onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" kind={question.kind} disabled={!ready}>
          {question.title(name)}
        </Button>
      </div>
    </form>
  );
}

function rollbackText(name: string, previous: PreviousSystemView | null): string {
  const what = previous === null || previous.osType === null ? "that were there before" : `with ${previous.osType} of before`;
  return `The disks ${what} are ${name}’s again, with everything that was stored about it. What is there now is kept in its place, so that rolling back once more brings you back here. If ${name} runs, it gets ${GRACE} s to shut down by itself, and starts again with the other system.`;
}

/** Where what was begun is to be seen; null: here. */
function nextPage(name: string, action: ConfirmedAction, jobId: number): string | null {
  switch (action) {
    case "delete":
      return paths.instances();
    case "rescue":
      return paths.instanceConsole(name);
    case "export":
      return paths.instanceInstall(name);
    // The job knows it by whichever name it will have.
    case "rename":
      return paths.job(jobId);
    case "start":
    case "stop":
    case "reboot":
    case "rollback":
    case "cancel":
      return null;
  }
}

function carryOut(name: string, action: ConfirmedAction, jobId: number | null, typed: string): Promise<Answer<{ readonly jobId: number }>> {
  switch (action) {
    case "start":
    case "rescue":
      return request("POST", api.power(name), { body: { action } });
    case "stop":
    case "reboot":
      return request("POST", api.power(name), { body: { action, graceSeconds: GRACE } });
    case "rollback":
      return request("POST", api.rollback(name), { body: { graceSeconds: GRACE } });
    case "rename":
      return request("POST", api.rename(name), { body: { newName: typed } });
    case "export":
      return request("POST", api.export(name));
    case "cancel":
      return jobId === null
        ? Promise.resolve({ ok: false, problem: { code: "conflict", detail: "The install is over already.", field: null, requestId: null } })
        : request("POST", api.cancelJob(jobId));
    case "delete":
      return request("DELETE", api.instance(name));
  }
}
