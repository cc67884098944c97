import { Check, Ellipsis, X } from "lucide-react";
import type { ReactNode } from "react";
import { formatDuration, formatMib } from "#components/format.ts";
import { Trust } from "#components/os-definitions/trust.tsx";
import { imageForm, mediumText } from "#components/source/words.ts";
import { Button } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { classes } from "#components/ui/classes.ts";
import { Mono } from "#components/ui/mono.tsx";
import { parseOsType } from "#lib/domain/os-definition.ts";
import type { InstallCheck, InstallPlan, InstallPreview } from "#lib/domain/install-plan.ts";

interface Props {
  readonly name: string;
  /** Null: too little is typed for a plan. */
  readonly preview: Pick<InstallPreview, "plan" | "checks"> | null;
  readonly kept: string | null;
  readonly pending?: boolean;
  /** Why it would be refused, where no check says so. */
  readonly refused?: string | null;
  readonly onCheckAgain?: () => void;
  /** Checks that stand open until something is typed: nothing is wrong, and they aren't done either. */
  readonly waiting?: readonly InstallCheck["id"][];
}

/** What an install will do, and what was checked, before anything is touched. */
export function WhatHappens({ name, preview, kept, pending = false, refused = null, onCheckAgain, waiting = [] }: Props) {
  const checks = preview?.checks ?? [];
  const failed = checks.some(({ ok }) => !ok) || refused !== null;
  return (
    <Card>
      <section aria-labelledby="what-will-happen" className="px-5 py-4">
        <h2 id="what-will-happen" className="mb-2 font-semibold">
          What will happen
        </h2>
        {preview === null ? <p className="text-soft">It stands here once there is something to install: an OS definition, a disk image or an install medium.</p> : <Effects name={name} plan={preview.plan} kept={kept} />}
      </section>
      {preview === null && refused === null ? null : (
        <section aria-labelledby="checked-just-now" className="border-t border-line px-5 py-4">
          <h2 id="checked-just-now" className="mb-2 font-semibold">
            {pending ? "Checking again" : "Checked just now"}
          </h2>
          <ul aria-live="polite" aria-busy={pending} className="flex flex-col gap-2">
            {preview === null && refused !== null ? <Finding look="no" text={refused} pending={pending} /> : null}
            {checks.map((check) => (
              <Finding key={`${check.id} ${check.text}`} look={!check.ok ? "no" : waiting.includes(check.id) ? "open" : "yes"} text={check.text} pending={pending} />
            ))}
          </ul>
          {failed && onCheckAgain !== undefined ? (
            <p className="mt-3">
              <Button onClick={onCheckAgain}>Check again</Button>
            </p>
          ) : null}
        </section>
      )}
    </Card>
  );
}

const FINDINGS = {
  yes: { Icon: Check, mark: "text-ok", text: "" },
  open: { Icon: Ellipsis, mark: "text-wait", text: "" },
  no: { Icon: X, mark: "text-bad", text: "text-bad" },
} as const;

/** While it is looked at again it is grey, and not so faint that it can't be read. */
function Finding({ look, text, pending }: { readonly look: keyof typeof FINDINGS; readonly text: string; readonly pending: boolean }) {
  const { Icon, mark, text: ink } = FINDINGS[look];
  return (
    <li className="flex gap-2.5">
      <Icon aria-label={look} role="img" size={16} className={classes("mt-0.5 shrink-0", pending ? "text-soft" : mark)} />
      <span className={classes("min-w-0 wrap-anywhere", pending ? "text-soft" : ink)}>{text}</span>
    </li>
  );
}

function Effects({ name, plan, kept }: { readonly name: string; readonly plan: InstallPlan; readonly kept: string | null }) {
  return (
    <dl className="grid grid-cols-[64px_minmax(0,1fr)] gap-x-2.5 gap-y-3">
      {plan.verifiesFirst && plan.osType !== null ? <Effect word="runs">{parseOsType(plan.osType).name} verify, which looks at the parameters first, in the appliance, without a disk</Effect> : null}
      {kept === null ? null : <Effect word="kept">{kept}</Effect>}
      {plan.keepsDisks.map((disk) => (
        <Effect key={disk.index} word="kept">
          Disk {disk.index}, {formatMib(disk.sizeMib)}
        </Effect>
      ))}
      <DiskEffect plan={plan} />
      {plan.replacesDataDisks.map((disk) => (
        <Effect key={disk.index} word="replaced" lost>
          Disk {disk.index}, {formatMib(disk.sizeMib)}, by an empty one. {whatBecomesOfOld(plan)}
        </Effect>
      ))}
      {plan.image === null ? null : (
        <Effect word="writes">
          <Mono className="wrap-anywhere">{plan.image.location}</Mono>, {imageForm(plan.image)}, onto disk 0
          {plan.image.checksum === null ? ", whatever lies there" : ", if its checksum is right"}
        </Effect>
      )}
      {plan.runs.map((run) => (
        <Effect key={run.place} word="runs">
          {run.definition} {run.script}, <Trust run={run} />
        </Effect>
      ))}
      {Object.keys(plan.medium).length === 0 ? null : (
        <Effect word="boots">
          {name} itself, from <Mono className="wrap-anywhere">{mediumText(plan.medium)}</Mono>, with its own network
        </Effect>
      )}
      {plan.package === null ? null : (
        <Effect word="adds">
          <Mono className="wrap-anywhere">{plan.package.url}</Mono>, laid over its filesystem in the appliance
        </Effect>
      )}
      <Effect word="fails" lost={plan.inPlace}>
        {failure(name, plan)}
      </Effect>
      <Effect word="ends">{ending(plan)}</Effect>
    </dl>
  );
}

function DiskEffect({ plan }: { readonly plan: InstallPlan }) {
  if (plan.replacesDisk === null) return null;
  const size = formatMib(plan.replacesDisk.sizeMib);
  if (plan.operation === "create" || plan.operation === "import") return <Effect word="made">Disk 0, {size}, filled by the install</Effect>;
  return (
    <Effect word={plan.inPlace ? "lost" : "replaced"} lost>
      Disk 0, {size}. {plan.inPlace ? "It is written to itself, and nothing brings back what is on it." : whatBecomesOfOld(plan)}
    </Effect>
  );
}

function whatBecomesOfOld({ retainPreviousSeconds }: InstallPlan): string {
  return retainPreviousSeconds === null || retainPreviousSeconds === 0 ? "The old one goes once the new system stands." : `The old one stays for ${formatDuration(retainPreviousSeconds)}, and one click brings it back.`;
}

function failure(name: string, plan: InstallPlan): string {
  if (plan.inPlace) return `If it fails once disk 0 was written to, ${name} has no system: it is listed as failed, to be installed again.`;
  return plan.operation === "create" || plan.operation === "import"
    ? `If anything fails, ${name} is listed as failed with its log, and nothing else is left on the node.`
    : `If anything fails, ${name} is again as it is now, disk and power.`;
}

function ending(plan: InstallPlan): string {
  const limit = plan.timeoutSeconds === null ? "this cluster sets no limit" : `after ${formatDuration(plan.timeoutSeconds)} at the latest`;
  switch (plan.completion) {
    case "reported":
      return plan.timeoutSeconds === null ? "When the script says so; this cluster sets no limit" : `When the script says so, ${limit}`;
    case "written":
      return `Once what is on the disk reads back as what was fetched; ${limit}`;
    case "first_boot":
      return `When its own system reports, or you say that it is done; ${limit}, then unconfirmed`;
  }
}

function Effect({ word, lost = false, children }: { readonly word: string; readonly lost?: boolean; readonly children: ReactNode }) {
  return (
    <div className="contents">
      <dt className={lost ? "text-bad" : "text-soft"}>{word}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
