import type { ReactNode } from "react";
import { formatDuration } from "#components/format.ts";
import { Trust } from "#components/os-definitions/trust.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { isFinal } from "#lib/domain/install-states.ts";
import type { InstallState } from "#lib/domain/install-states.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";

/** Where code runs, what is kept, when it ends, from what. */
export function InstallFacts({ plan, state }: { readonly plan: InstallPlan; readonly state: InstallState }) {
  return (
    <section aria-label="Terms of this install" className="mt-5 flex flex-wrap gap-x-6 gap-y-1 rounded-md border border-line bg-panel px-4 py-3 text-soft">
      {plan.runs.map((run) => (
        <span key={run.place}>
          Runs <Trust run={run} />
        </span>
      ))}
      <span>{oldDisk(plan, state)}</span>
      <span>
        {plan.timeoutSeconds === null ? "No time limit" : <>Ends after <B>{formatDuration(plan.timeoutSeconds)}</B> at the latest</>}
      </span>
      <span className="inline-flex items-center gap-1">
        Definition <span className="text-ink"><Digest digest={plan.definitionDigest} label="digest of the definition" /></span>
      </span>
    </section>
  );
}

function oldDisk(plan: InstallPlan, state: InstallState): ReactNode {
  if (plan.operation === "create") return "New disk";
  if (isFinal(state) && state !== "done") return <>Old disk <B>in its place</B></>;
  if (plan.retainPreviousSeconds === null || plan.retainPreviousSeconds === 0) return <>Old disk <B>removed</B> once the new system stands</>;
  return <>Old disk <B>kept for {formatDuration(plan.retainPreviousSeconds)}</B></>;
}

function B({ children }: { readonly children: ReactNode }) {
  return <b className="font-medium text-ink">{children}</b>;
}
