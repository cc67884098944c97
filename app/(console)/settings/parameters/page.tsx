import type { Metadata } from "next";
import type { ReactNode } from "react";
import { DefaultDialogs } from "#components/defaults/default-dialogs.tsx";
import { clusterRows } from "#components/defaults/default-rows.ts";
import { DefaultsTable } from "#components/defaults/defaults-table.tsx";
import { NewDefaultForm } from "#components/defaults/new-default-form.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { requireSettings } from "#components/settings/require-settings.ts";
import { SettingsHeader } from "#components/settings/settings-header.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { getCluster } from "#lib/cluster/get-cluster.ts";
import { getClusterDefaults } from "#lib/parameter-defaults/get-cluster-defaults.ts";

export const metadata: Metadata = { title: "Parameter defaults" };

const CLUSTER = { kind: "cluster" } as const;

export default function ClusterDefaultsPage(): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    requireSettings(ctx.identity);
    const [cluster, defaults] = await Promise.all([getCluster(ctx), getClusterDefaults(ctx)]);
    const rows = clusterRows(defaults);
    return (
      <>
        <LiveRefresh interest={{ types: ["cluster.changed"] }} />
        <SettingsHeader cluster={cluster.name} />
        <p className="mb-3 max-w-[88ch] text-soft">
          Each definition that declares a parameter of such a name gets it, unless the definition, its variant, the instance or the request has its own. Private ones are given only to the cluster’s own definitions, never to a user’s.
        </p>
        <div className="flex flex-col gap-5">
          <Card>{rows.length === 0 ? <EmptyState title="No defaults for the cluster">The first is set below.</EmptyState> : <DefaultsTable place={CLUSTER} rows={rows} mayModify />}</Card>
          <NewDefaultForm title={rows.length === 0 ? "Set a default" : "Set another"} user={ctx.identity.name} />
        </div>
        <DefaultDialogs place={CLUSTER} rows={rows} user={ctx.identity.name} />
      </>
    );
  });
}
