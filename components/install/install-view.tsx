"use client";

import { ParameterTable } from "#components/parameters/parameter-table.tsx";
import { useNow } from "#components/ui/clock.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { InstallEntryView, InstallView as View } from "#lib/domain/views.ts";
import { ConfirmFirstBoot, waitsForSystem } from "./confirm-first-boot.tsx";
import type { WayBack } from "./install-after.tsx";
import { InstallFacts } from "./install-facts.tsx";
import { InstallLog } from "./install-log.tsx";
import { InstallOutcome } from "./install-outcome.tsx";
import { InstallAnnouncement, InstallProgress } from "./install-progress.tsx";
import { InstallReceipt } from "./install-receipt.tsx";
import { InstallStages } from "./install-stages.tsx";
import { InstallSteps } from "./install-steps.tsx";
import { shownSteps } from "./steps.ts";
import { useInstall } from "./use-install.ts";

/** An install as it happens, or as it went: the picture that people come for. */
export function InstallPicture({ initial, entries, wayBack }: { readonly initial: View; readonly entries: readonly InstallEntryView[]; readonly wayBack: WayBack | null }) {
  const install = useInstall(initial, entries);
  const now = useNow();
  const { view } = install;
  const active = !isFinal(view.state);
  return (
    <>
      {active ? null : (
        <div className="mb-5">
          <InstallOutcome view={view} wayBack={wayBack} />
        </div>
      )}
      {waitsForSystem(view) ? <ConfirmFirstBoot install={view.id} instanceName={view.instanceName} isMedium={Object.keys(view.plan.medium).length > 0} /> : null}
      <InstallAnnouncement view={view} />
      <div className="grid gap-5 lg:grid-cols-[320px_minmax(0,1fr)]">
        <section aria-label="Progress" className="rounded-md border border-line bg-panel">
          <InstallProgress view={view} />
          <InstallSteps steps={shownSteps(view)} now={now} />
        </section>
        <InstallLog install={install} active={active} />
      </div>
      <InstallFacts view={view} />
      <InstallStages view={view} />
      {view.hasReceipt ? <InstallReceipt install={view.id} /> : null}
      {view.parameters.length === 0 ? null : (
        <section aria-label="Parameters of this install" className="mt-5 rounded-md border border-line bg-panel">
          <ParameterTable rows={view.parameters} secretNote={active ? "in memory until this install ends, then gone" : "was in memory until the install ended, gone since"} />
        </section>
      )}
    </>
  );
}
