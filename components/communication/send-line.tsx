"use client";

import { useId, useState } from "react";
import type { SubmitEvent } from "react";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { api } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { Input } from "#components/ui/field.tsx";
import { useAlive } from "#components/ui/use-alive.ts";

/** Sends a line to a guest, which reads it from its channel when it likes. `why`: why it can't be sent now. */
export function SendLine({ instance, to, why }: { readonly instance: string; readonly to: string; readonly why: string | null }) {
  const id = useId();
  const alive = useAlive();
  const [line, setLine] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy || why !== null || line === "") return;
    setBusy(true);
    setProblem(null);
    const answer = await request<{ readonly id: string }>("POST", api.channel(instance), { body: { line } });
    setBusy(false);
    if (answer.ok) setLine("");
    else setProblem(answer.problem);
  };
  return (
    <form method="post" autoComplete="off" onSubmit={(event) => void submit(event)} className="flex flex-col gap-2 border-t border-line px-3 py-2.5">
      <div className="flex items-center gap-2">
        <Input
          aria-label={`A line to ${to}`}
          aria-describedby={`${id}-why`}
          value={line}
          onChange={(event) => setLine(event.target.value)}
          disabled={why !== null}
          placeholder={`A line to ${to}`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={4096}
          className="font-mono text-small"
        />
        <Button type="submit" disabled={!alive || busy || why !== null || line === ""}>
          Send
        </Button>
      </div>
      <p id={`${id}-why`} className="text-small text-soft">
        {why ?? "It waits in the channel until the guest reads it, and stands in the log under your name. Not the place for a password."}
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </form>
  );
}
