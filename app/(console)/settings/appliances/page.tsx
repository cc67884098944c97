import type { Metadata } from "next";
import type { ReactNode } from "react";
import { ApplianceTable } from "#components/appliances/appliance-table.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { requireSettings } from "#components/settings/require-settings.ts";
import { SettingsHeader } from "#components/settings/settings-header.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { listAppliances } from "#lib/appliances/list-appliances.ts";
import { getCluster } from "#lib/cluster/get-cluster.ts";

export const metadata: Metadata = { title: "Appliances" };

/** What untrusted scripts run in. */
export default function AppliancesPage(): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    requireSettings(ctx.identity);
    const [cluster, appliances] = await Promise.all([getCluster(ctx), listAppliances(ctx)]);
    return (
      <>
        <LiveRefresh interest={{ types: ["cluster.changed"] }} />
        <SettingsHeader cluster={cluster.name} />
        <Card>
          {appliances.length === 0 ? <EmptyState title="No appliance">Scripts that nobody trusts have nothing to run in, and packages and rescue systems need one too.</EmptyState> : <ApplianceTable appliances={appliances} />}
          <p className="border-t border-line px-4 py-3 text-soft">
            One of your own is registered on a controller’s machine, by <Mono>./slipway appliance register DIR</Mono>.
          </p>
        </Card>
      </>
    );
  });
}
