import type { ReactNode } from "react";
import { CircleCheck } from "lucide-react";
import { formatDuration, secondsBetween } from "#components/format.ts";
import { Notice } from "#components/ui/notice.tsx";
import type { InstallView } from "#lib/domain/views.ts";
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
          {view.error?.message ?? "The agent gave no reason."} {whatIsLeft(view)}
        </Notice>
      );
    case "cancelled":
      return (
        <Notice kind="info" title={`Cancelled${atStep(view)}`}>
          {whatIsLeft(view)}
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
  const boot = view.firstBootAt === null || view.endedAt === null ? null : secondsBetween(view.startedAt ?? view.acceptedAt, view.firstBootAt);
  return (
    <div className="flex gap-3 rounded-md border border-ok bg-panel px-4 py-3">
      <CircleCheck aria-hidden="true" size={16} className="mt-0.5 shrink-0 text-ok" />
      <p>
        <span className="font-semibold">Installed.</span> {ENDED[view.plan.completion]}
        {boot === null ? null : `, and it was seen to boot ${formatDuration(boot)} after the beginning`}.
      </p>
    </div>
  );
}

const ENDED: Readonly<Record<InstallView["plan"]["completion"], string>> = {
  reported: "The script said that it is done",
  written: "What was written is what was asked for",
  first_boot: "The system reported from its first boot",
};

function atStep(view: InstallView): string {
  const step = view.error?.step ?? view.step;
  return step === null ? "" : ` at “${stepLabel(view, step)}”`;
}

function whatIsLeft(view: InstallView): ReactNode {
  return view.plan.operation === "create"
    ? "The instance is listed as failed, with its log: reinstall or delete it."
    : "The instance is as it was before: its disk and its power state are untouched.";
}
