import type { Metadata } from "next";
import type { ReactNode } from "react";
import { SerialConsole } from "#components/console/serial-console.tsx";
import { loadInstance } from "#components/instances/load-instance.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { reach } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { InstanceDetail } from "#lib/domain/instance.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Console of ${decodeURIComponent((await params).name)}` };
}

export default function InstanceConsolePage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    if (reach(ctx.identity, "instance.console") === "none") throw new SlipwayError("not_allowed", "You may not be at serial consoles.");
    const instance = await loadInstance((await params).name);
    return (
      <div className="flex flex-col gap-5">
        {instance.rescue ? (
          <Notice kind="wait" title={`${instance.name} runs the rescue system`}>
            A shell of the install appliance, with the disks of {instance.name} and no network. Nothing of the appliance is kept. Stop {instance.name} when you are done, then start it.
          </Notice>
        ) : null}
        <SerialConsole instance={instance.name} blocked={whyNot(instance)} />
        <p className="max-w-[72ch] text-small text-soft">
          One person at a time. Values of its private and secret parameters are left out of what is shown, as in logs. All keys go to the guest; Ctrl F6 leaves the terminal. A size can’t be told to it, so it takes 80 × 24.
        </p>
      </div>
    );
  });
}

function whyNot({ operState, status }: InstanceDetail): string | null {
  if (operState === "running" || status === "installing") return null;
  return operState === null ? "Nothing is known of whether it runs" : "It is stopped";
}
