import { CircleCheck, CircleHelp } from "lucide-react";
import { formatDuration, secondsBetween } from "#components/format.ts";
import { classes } from "#components/ui/classes.ts";
import { Notice } from "#components/ui/notice.tsx";
import type { InstallView } from "#lib/domain/views.ts";
import { doneReason, doneWord, leftBehind } from "./outcome-words.ts";
import { stepLabel } from "./steps.ts";

/** How an install ended, in a sentence, with what is left behind. Nothing while it runs. */
export function InstallOutcome({ view }: { readonly view: InstallView }) {
  switch (view.state) {
    case "done":
      return <Done view={view} />;
    case "failed":
    case "timed_out":
      return (
        <Notice kind="bad" title={`Failed${atStep(view)}`}>
          {view.error?.message ?? "The agent gave no reason."} {leftBehind(view)}
        </Notice>
      );
    case "cancelled":
      return (
        <Notice kind="info" title={`Cancelled${atStep(view)}`}>
          {leftBehind(view)}
        </Notice>
      );
    case "accepted":
    case "queued":
    case "preparing":
    case "imaging":
    case "installing":
    case "personalizing":
    case "verifying":
    case "starting":
      return null;
  }
}

function Done({ view }: { readonly view: InstallView }) {
  const unconfirmed = view.plan.completion === "first_boot" && view.confirmed === false;
  const boot = view.firstBootAt === null || view.endedAt === null ? null : secondsBetween(view.startedAt ?? view.acceptedAt, view.firstBootAt);
  return (
    <div className={classes("flex gap-3 rounded-md border bg-panel px-4 py-3", unconfirmed ? "border-wait" : "border-ok")}>
      {unconfirmed ? <CircleHelp aria-hidden="true" size={16} className="mt-0.5 shrink-0 text-wait" /> : <CircleCheck aria-hidden="true" size={16} className="mt-0.5 shrink-0 text-ok" />}
      <p>
        <span className="font-semibold">{doneWord(view)}</span> {doneReason(view)}
        {boot === null ? null : `, and it was seen to boot ${formatDuration(boot)} after the beginning`}.
      </p>
    </div>
  );
}

function atStep(view: InstallView): string {
  const step = view.error?.step ?? view.step;
  return step === null ? "" : ` at “${stepLabel(view, step)}”`;
}
