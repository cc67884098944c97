"use client";

import { useState } from "react";
import { ActionDialog } from "#components/instances/action-dialog.tsx";
import { paths } from "#components/paths.ts";
import { Button, ButtonLink, buttonClasses } from "#components/ui/button.tsx";
import type { PreviousSystemView } from "#lib/domain/previous-system-views.ts";
import type { InstallView } from "#lib/domain/views.ts";

/** The system that an install replaced, as long as it is kept. */
export interface WayBack {
  readonly previous: PreviousSystemView;
  /** Why it can't be brought back now; null: it can. */
  readonly blocked: string | null;
}

/** What one may want once an install is done: the proof, what it made, and the way back. */
export function InstallAfter({ view, wayBack }: { readonly view: Pick<InstallView, "instanceName" | "plan" | "hasReceipt">; readonly wayBack: WayBack | null }) {
  const [asked, setAsked] = useState(false);
  return (
    <span className="flex flex-wrap items-center gap-2">
      {view.hasReceipt ? (
        <a href="#section-receipt" className={buttonClasses("plain")}>
          Receipt
        </a>
      ) : null}
      {view.plan.operation === "export" ? <ButtonLink href={paths.exports()}>Exports</ButtonLink> : null}
      {wayBack === null ? null : (
        <>
          <Button disabled={wayBack.blocked !== null} title={wayBack.blocked ?? undefined} onClick={() => setAsked(true)}>
            Roll back
          </Button>
          <ActionDialog name={view.instanceName} action={asked ? "rollback" : null} jobId={null} previous={wayBack.previous} onClose={() => setAsked(false)} />
        </>
      )}
    </span>
  );
}
