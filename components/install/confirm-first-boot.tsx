"use client";

import { useState } from "react";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { useChange } from "#components/api/use-change.ts";
import { api, paths } from "#components/paths.ts";
import { Button, ButtonLink } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import type { InstallView } from "#lib/domain/views.ts";

const WAITING: ReadonlySet<InstallView["state"]> = new Set(["installing", "verifying", "starting"]);

/** Whether an install may be waiting for its own system to say that it is done. */
export function waitsForSystem({ plan, state }: Pick<InstallView, "plan" | "state">): boolean {
  return plan.completion === "first_boot" && WAITING.has(state);
}

/** While a system of its own is to report, somebody who looks at it can say so in its place. */
export function ConfirmFirstBoot({ install, instanceName, isMedium }: { readonly install: string; readonly instanceName: string; readonly isMedium: boolean }) {
  const [asked, setAsked] = useState(false);
  const { busy, problem, forget, send } = useChange();
  const close = (): void => {
    setAsked(false);
    forget();
  };
  return (
    <section aria-label="First boot" className="mb-5 flex flex-wrap items-center justify-between gap-3 rounded-md border border-line bg-panel px-4 py-3">
      <p className="max-w-[72ch] text-soft">
        {instanceName} {isMedium ? "runs its install medium" : "has started from its image"}, and its system is to report that it is done. The install ends with that, when the machine goes off, or when you confirm it.
      </p>
      <span className="flex flex-wrap gap-2">
        <ButtonLink href={paths.instanceConsole(instanceName)}>Serial console</ButtonLink>
        <Button onClick={() => setAsked(true)}>Confirm the install</Button>
      </span>
      <Dialog open={asked} onClose={close} title={`Confirm the install of ${instanceName}`}>
        <div className="flex flex-col gap-4 px-5 py-4">
          <p>You have looked at it, and its system stands. The install ends as confirmed, and secrets are served no longer{isMedium ? `; the new disk is ${instanceName}’s from then on` : ""}.</p>
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button data-first onClick={close}>
              Wait on
            </Button>
            <Button kind="main" disabled={busy} onClick={() => void send("POST", api.confirmInstall(install)).then((sent) => sent && close())}>
              Confirm the install
            </Button>
          </div>
        </div>
      </Dialog>
    </section>
  );
}
