import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { DefaultDialogs } from "#components/defaults/default-dialogs.tsx";
import { defaultRows } from "#components/defaults/default-rows.ts";
import { DefaultsTable } from "#components/defaults/defaults-table.tsx";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { allowedActions } from "#components/os-definitions/rights.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { Card } from "#components/ui/card.tsx";
import { classes } from "#components/ui/classes.ts";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { formatOsType } from "#lib/domain/os-definition.ts";
import { getClusterDefaults } from "#lib/parameter-defaults/get-cluster-defaults.ts";
import { getDefinitionDefaults } from "#lib/parameter-defaults/get-definition-defaults.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Defaults of ${decodeURIComponent((await params).name)}` };
}

export default function OsDefaultsPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const definition = await loadDefinition((await params).name);
    const { name, owner, manifest } = definition;
    const [{ defaults }, cluster] = await Promise.all([getDefinitionDefaults(ctx, name), getClusterDefaults(ctx)]);
    const asked = queryText((await searchParams)["variant"], 64);
    const variant = defaults.find((place) => place.variant !== null && place.variant === asked)?.variant ?? null;
    const place = { kind: "definition", name, variant } as const;
    const rows = defaultRows({ declarations: manifest?.parameters ?? [], defaults, cluster, isClustersOwn: owner === null }, variant);
    const mayModify = allowedActions(ctx.identity, owner).includes("modify") && definition.blockedActions.modify === undefined;
    return (
      <>
        <p className="mb-3 max-w-[88ch] text-soft">
          What an install gets that doesn’t send its own. A variant’s default goes before the definition’s, that before the cluster’s, and that before what the definition declares.
        </p>
        {defaults.length < 2 ? null : (
          <nav aria-label="Defaults of" className="mb-3 flex flex-wrap gap-1.5">
            {defaults.map((one) => (
              <Link
                key={one.variant ?? ""}
                href={paths.osDefaults(name, { variant: one.variant ?? undefined })}
                aria-current={one.variant === variant ? "page" : undefined}
                className={classes("inline-flex h-8 items-center gap-2 rounded-md border px-3 font-mono text-small", one.variant === variant ? "border-accent bg-accent-soft text-ink" : "border-line bg-panel text-soft hover:text-ink")}
              >
                {formatOsType(name, one.variant)}
                {one.parameters.length === 0 ? null : <span className="text-faint">{one.parameters.length}</span>}
              </Link>
            ))}
          </nav>
        )}
        <Card>{rows.length === 0 ? <EmptyState title="It declares no parameters">Defaults can be set for what a definition declares.</EmptyState> : <DefaultsTable place={place} rows={rows} mayModify={mayModify} />}</Card>
        {mayModify ? <DefaultDialogs place={place} rows={rows} user={ctx.identity.name} /> : null}
      </>
    );
  });
}
