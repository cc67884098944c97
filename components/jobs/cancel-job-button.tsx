"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

/** Cancels a job after saying what that means; with a reason where it can't be. */
export function CancelJobButton({ id, blocked }: { readonly id: number; readonly blocked: string | null }) {
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const cancel = async (): Promise<void> => {
    setBusy(true);
    const answer = await request<{ readonly cancelled: boolean; readonly message: string }>("POST", api.cancelJob(id));
    setBusy(false);
    if (!answer.ok) setProblem(answer.problem);
    else if (!answer.value.cancelled) setProblem({ code: "conflict", detail: answer.value.message, field: null, requestId: null });
    else {
      setOpen(false);
      router.refresh();
    }
  };
  return (
    <>
      <span className="flex items-center gap-3">
        {blocked === null ? null : (
          <span id="cancel-blocked" className="text-small text-soft">
            {blocked}
          </span>
        )}
        <Button kind="danger" disabled={blocked !== null} aria-describedby={blocked === null ? undefined : "cancel-blocked"} onClick={() => setOpen(true)}>
          Cancel job
        </Button>
      </span>
      <Dialog open={open} onClose={() => setOpen(false)} title={`Cancel job ${id}`}>
        <div className="flex flex-col gap-4 px-5 py-4">
          <p>A job that waits never begins. One that runs ends as soon as it can, and leaves the instance as it was.</p>
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button data-first onClick={() => setOpen(false)}>
              Leave it
            </Button>
            <Button kind="danger-main" disabled={busy} onClick={() => void cancel()}>
              Cancel job {id}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
