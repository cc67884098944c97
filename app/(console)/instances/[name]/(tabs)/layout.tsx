import type { ReactNode } from "react";
import { InstanceHeader } from "#components/instances/instance-header.tsx";
import { loadInstance } from "#components/instances/load-instance.ts";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly children: ReactNode;
}

export default function InstanceLayout({ params, children }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const instance = await loadInstance((await params).name);
    return (
      <>
        <LiveRefresh interest={{ types: ["instance.changed", "instance.deleted", "job.changed"], instance: instance.name }} />
        <InstanceHeader instance={instance} identity={ctx.identity} />
        {children}
      </>
    );
  });
}
