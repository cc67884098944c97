import { formatDuration, formatElapsed } from "#components/format.ts";
import { classes } from "#components/ui/classes.ts";
import type { ShownStep } from "./steps.ts";

const WORDS: Readonly<Record<ShownStep["status"], string>> = { done: "done", now: "now", failed: "failed", cancelled: "cancelled here", ahead: "ahead", skipped: "not reached" };

/** The steps as a line that fills. */
export function InstallSteps({ steps, now }: { readonly steps: readonly ShownStep[]; readonly now: number }) {
  return (
    <ol aria-label="Steps" className="px-5 pt-1 pb-5">
      {steps.map((step, index) => (
        <li
          key={step.id}
          aria-current={step.status === "now" ? "step" : undefined}
          className={classes("relative flex justify-between gap-3 py-[7px] pl-7", TEXT[step.status])}
        >
          {index === steps.length - 1 ? null : (
            <span aria-hidden="true" className={classes("absolute top-[18px] -bottom-[16px] left-[9px] w-0.5", step.status === "done" ? "bg-accent" : "bg-line")} />
          )}
          <Dot status={step.status} />
          <span className="min-w-0 wrap-anywhere">
            {step.label}
            <span className="sr-only">, {WORDS[step.status]}</span>
          </span>
          <span className="shrink-0 font-normal text-soft">{timeOf(step, now)}</span>
        </li>
      ))}
    </ol>
  );
}

const TEXT: Readonly<Record<ShownStep["status"], string>> = {
  done: "",
  now: "font-semibold",
  failed: "font-semibold text-bad",
  cancelled: "font-semibold",
  ahead: "text-faint",
  skipped: "text-faint",
};

function Dot({ status }: { readonly status: ShownStep["status"] }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 20 20" width="20" height="20" className="absolute top-[7px] left-0">
      {status === "now" ? <circle cx="10" cy="10" r="9" className="fill-accent-soft" /> : null}
      {status === "done" ? <circle cx="10" cy="10" r="5" className="fill-accent" /> : null}
      {status === "now" ? <circle cx="10" cy="10" r="4" strokeWidth="2" className="fill-panel stroke-accent" /> : null}
      {status === "ahead" || status === "skipped" ? <circle cx="10" cy="10" r="4" strokeWidth="2" className="fill-panel stroke-line" /> : null}
      {status === "failed" || status === "cancelled" ? (
        <>
          <circle cx="10" cy="10" r="7" className={status === "failed" ? "fill-bad" : "fill-soft"} />
          <path d="M7.5 7.5l5 5M12.5 7.5l-5 5" strokeWidth="1.8" strokeLinecap="round" className="stroke-panel" />
        </>
      ) : null}
    </svg>
  );
}

function timeOf(step: ShownStep, now: number): string {
  if (step.startedAt === null) return "";
  if (step.endedAt !== null) return formatDuration((step.endedAt - step.startedAt) / 1000);
  return step.status === "now" ? formatElapsed((now - step.startedAt) / 1000) : "";
}
