import type { ReactNode } from "react";
import { formatDuration } from "#components/format.ts";
import { Trust } from "#components/os-definitions/trust.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { isFinal } from "#lib/domain/install-states.ts";
import type { InstallView } from "#lib/domain/views.ts";

/** Where code runs, what is kept, when it ends, from what. */
export function InstallFacts({ view }: { readonly view: Pick<InstallView, "plan" | "state" | "overwritten"> }) {
  const { plan } = view;
  return (
    <section aria-label="Terms of this install" className="mt-5 flex flex-wrap gap-x-6 gap-y-1 rounded-md border border-line bg-panel px-4 py-3 text-soft">
      {plan.image === null ? null : <span>Image <B>written first</B></span>}
      {plan.runs.map((run) => (
        <span key={run.place}>
          Runs <Trust run={run} />
        </span>
      ))}
      {Object.keys(plan.medium).length === 0 ? null : <span>Boots <B>from its medium</B></span>}
      {plan.package === null ? null : <span>Package <B>in the appliance</B></span>}
      <span>{oldDisk(view)}</span>
      <span>
        {plan.timeoutSeconds === null ? "No time limit" : <>Ends after <B>{formatDuration(plan.timeoutSeconds)}</B> at the latest</>}
      </span>
      {plan.definitionDigest === null ? null : (
        <span className="inline-flex items-center gap-1">
          Definition <span className="text-ink"><Digest digest={plan.definitionDigest} label="digest of the definition" /></span>
        </span>
      )}
    </section>
  );
}

function oldDisk({ plan, state, overwritten }: Pick<InstallView, "plan" | "state" | "overwritten">): ReactNode {
  switch (plan.operation) {
    case "create":
    case "import":
      return "New disk";
    case "export":
      return <>Disks <B>only read</B></>;
    case "reinstall":
    case "rename":
      break;
  }
  if (plan.inPlace) return <>Disk <B>{isFinal(state) && !overwritten ? "not touched" : "written in place"}</B></>;
  if (isFinal(state) && state !== "done") return <>Old disk <B>in its place</B></>;
  if (plan.retainPreviousSeconds === null || plan.retainPreviousSeconds === 0) return <>Old disk <B>removed</B> once the new system stands</>;
  return <>Old disk <B>kept for {formatDuration(plan.retainPreviousSeconds)}</B></>;
}

function B({ children }: { readonly children: ReactNode }) {
  return <b className="font-medium text-ink">{children}</b>;
}
