import type { Metadata } from "next";
import type { ReactNode } from "react";
import { consolePage } from "#components/page/console-page.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { ClusterForm } from "#components/settings/cluster-form.tsx";
import { requireSettings } from "#components/settings/require-settings.ts";
import { SettingsHeader } from "#components/settings/settings-header.tsx";
import { getCluster } from "#lib/cluster/get-cluster.ts";

export const metadata: Metadata = { title: "Settings" };

export default function SettingsPage(): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    requireSettings(ctx.identity);
    const cluster = await getCluster(ctx);
    return (
      <>
        <LiveRefresh interest={{ types: ["cluster.changed"] }} />
        <SettingsHeader cluster={cluster.name} />
        <ClusterForm cluster={cluster} user={ctx.identity.name} />
      </>
    );
  });
}
