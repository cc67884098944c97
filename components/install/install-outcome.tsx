import { CircleCheck, CircleHelp } from "lucide-react";
import { formatDuration, secondsBetween } from "#components/format.ts";
import { classes } from "#components/ui/classes.ts";
import { Notice } from "#components/ui/notice.tsx";
import type { InstallView } from "#lib/domain/views.ts";
import { InstallAfter } from "./install-after.tsx";
import type { WayBack } from "./install-after.tsx";
import { doneReason, doneWord, leftBehind } from "./outcome-words.ts";
import { stepLabel } from "./steps.ts";

/** How an install ended, in a sentence, with what is left behind. Nothing while it runs. */
export function InstallOutcome({ view, wayBack }: { readonly view: InstallView; readonly wayBack: WayBack | null }) {
  switch (view.state) {
    case "done":
      return <Done view={view} wayBack={wayBack} />;
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

function Done({ view, wayBack }: { readonly view: InstallView; readonly wayBack: WayBack | null }) {
  const unconfirmed = view.plan.completion === "first_boot" && view.confirmed === false;
  // An export has installed nothing that could boot: it has let the system go on.
  const boot = view.plan.operation === "export" || view.firstBootAt === null || view.endedAt === null ? null : secondsBetween(view.startedAt ?? view.acceptedAt, view.firstBootAt);
  return (
    <div className={classes("flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md border bg-panel px-4 py-3", unconfirmed ? "border-wait" : "border-ok")}>
      {unconfirmed ? <CircleHelp aria-hidden="true" size={16} className="shrink-0 text-wait" /> : <CircleCheck aria-hidden="true" size={16} className="shrink-0 text-ok" />}
      <p className="mr-auto min-w-0">
        <span className="font-semibold">{doneWord(view)}</span> {doneReason(view)}
        {boot === null ? null : `, and it was seen to boot ${formatDuration(boot)} after the beginning`}.
      </p>
      <InstallAfter view={view} wayBack={wayBack} />
    </div>
  );
}

function atStep(view: InstallView): string {
  const step = view.error?.step ?? view.step;
  return step === null ? "" : ` at “${stepLabel(view, step)}”`;
}
