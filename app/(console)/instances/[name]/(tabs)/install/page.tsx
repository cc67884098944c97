import type { Metadata } from "next";
import type { ReactNode } from "react";
import { InstallPicture } from "#components/install/install-view.tsx";
import { CHUNK } from "#components/install/log-window.ts";
import { loadInstance } from "#components/instances/load-instance.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { reach } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { getInstall } from "#lib/installs/get-install.ts";
import { listInstallEntries } from "#lib/installs/list-install-entries.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Install of ${decodeURIComponent((await params).name)}` };
}

/** The running or last install; an earlier one with its id in the address. */
export default function InstallPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const instance = await loadInstance((await params).name);
    const id = queryText((await searchParams)["id"], 36) ?? instance.install?.id;
    if (id === undefined) {
      return (
        <Card>
          <EmptyState title="Never installed" action={<ButtonLink href={paths.reinstall(instance.name)}>Install a system</ButtonLink>}>
            There is nothing on the disks of {instance.name} that Slipway put there.
          </EmptyState>
        </Card>
      );
    }
    const view = await getInstall(ctx, id);
    if (view.instanceId !== instance.id) throw new SlipwayError("unknown_object", "This install is of another instance");
    const { previous, blockedActions } = instance;
    // Only the last install has replaced what is kept.
    const wayBack = previous === null || id !== instance.install?.id || view.plan.operation === "export" || reach(ctx.identity, "instance.rollback") === "none" ? null : { previous, blocked: blockedActions.rollback ?? null };
    const entries = await listInstallEntries(ctx, id, { before: view.lastSeq + 1, limit: CHUNK });
    return <InstallPicture key={id} initial={view} entries={entries.items} wayBack={wayBack} />;
  });
}
