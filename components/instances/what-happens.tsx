import { Check, X } from "lucide-react";
import type { ReactNode } from "react";
import { formatDuration, formatMib } from "#components/format.ts";
import { Trust } from "#components/os-definitions/trust.tsx";
import { Card } from "#components/ui/card.tsx";
import { classes } from "#components/ui/classes.ts";
import { parseOsType } from "#lib/domain/os-definition.ts";
import type { InstallCheck, InstallPlan } from "#lib/domain/install-plan.ts";

/** What a create or a reinstall will do, and what was checked, before anything is touched. */
export function WhatHappens({ name, plan, checks, kept, pending = false, children }: { readonly name: string; readonly plan: InstallPlan; readonly checks: readonly InstallCheck[]; readonly kept: string | null; readonly pending?: boolean; readonly children?: ReactNode }) {
  return (
    <Card>
      <section aria-labelledby="what-will-happen" className="px-5 py-4">
        <h2 id="what-will-happen" className="mb-2 font-semibold">
          What will happen
        </h2>
        <dl className="grid grid-cols-[64px_minmax(0,1fr)] gap-x-2.5 gap-y-3">
          {plan.verifiesFirst ? (
            <Effect word="runs">
              {parseOsType(plan.osType).name} verify, which looks at the parameters first, in the appliance, without a disk
            </Effect>
          ) : null}
          {kept === null ? null : <Effect word="kept">{kept}</Effect>}
          {plan.keepsDisks.map((disk) => (
            <Effect key={disk.index} word="kept">
              Disk {disk.index}, {formatMib(disk.sizeMib)}
            </Effect>
          ))}
          <DiskEffect plan={plan} />
          {plan.runs.map((run) => (
            <Effect key={run.place} word="runs">
              {run.definition} {run.script}, <Trust run={run} />
            </Effect>
          ))}
          <Effect word="fails">{failure(name, plan)}</Effect>
          <Effect word="ends">{plan.timeoutSeconds === null ? "When it is done; this cluster sets no limit" : `After ${formatDuration(plan.timeoutSeconds)} at the latest`}</Effect>
        </dl>
      </section>
      <section aria-labelledby="checked-just-now" className="border-t border-line px-5 py-4">
        <h2 id="checked-just-now" className="mb-2 font-semibold">
          {pending ? "Checking again" : "Checked just now"}
        </h2>
        <ul aria-live="polite" aria-busy={pending} className={classes("flex flex-col gap-2", pending && "opacity-50")}>
          {checks.map((check) => (
            <li key={check.id} className="flex gap-2.5">
              {check.ok ? <Check aria-label="yes" role="img" size={16} className="mt-0.5 shrink-0 text-ok" /> : <X aria-label="no" role="img" size={16} className="mt-0.5 shrink-0 text-bad" />}
              <span className={classes("min-w-0 wrap-anywhere", !check.ok && "text-bad")}>{check.text}</span>
            </li>
          ))}
        </ul>
      </section>
      {children}
    </Card>
  );
}

function DiskEffect({ plan }: { readonly plan: InstallPlan }) {
  const size = formatMib(plan.replacesDisk.sizeMib);
  if (plan.operation === "create") return <Effect word="made">Disk 0, {size}, filled by the install</Effect>;
  const retained = plan.retainPreviousSeconds;
  return (
    <Effect word="replaced" lost>
      Disk 0, {size}. {retained === null || retained === 0 ? "The old one goes once the new system stands." : `The old one stays for ${formatDuration(retained)}.`}
    </Effect>
  );
}

function failure(name: string, plan: InstallPlan): string {
  return plan.operation === "create"
    ? `If anything fails, ${name} is listed as failed with its log, and nothing else is left on the node.`
    : `If anything fails, ${name} is again as it is now, disk and power.`;
}

function Effect({ word, lost = false, children }: { readonly word: string; readonly lost?: boolean; readonly children: ReactNode }) {
  return (
    <div className="contents">
      <dt className={lost ? "text-bad" : "text-soft"}>{word}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
