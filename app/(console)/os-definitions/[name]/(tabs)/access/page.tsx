import type { Metadata } from "next";
import type { ReactNode } from "react";
import { AccessForm } from "#components/os-definitions/access-form.tsx";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { allowedActions } from "#components/os-definitions/rights.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { Card, TitledCard } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { SlipwayError } from "#lib/domain/errors.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Access to ${decodeURIComponent((await params).name)}` };
}

export default function OsAccessPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const { name, owner, sharedWith, serialNo, blockedActions } = await loadDefinition((await params).name);
    if (!allowedActions(ctx.identity, owner).includes("modify")) throw new SlipwayError("not_allowed", "Who else sees a definition is for its owner and for administrators.");
    if (owner === null) {
      return (
        <Card>
          <EmptyState title="Everybody sees it">It is the cluster’s own: every user can install it, and administrators change it.</EmptyState>
        </Card>
      );
    }
    return (
      <TitledCard title="Who sees it" aside="and every administrator">
        <AccessForm name={name} owner={owner} sharedWith={sharedWith} serialNo={serialNo} blocked={blockedActions.modify ?? null} user={ctx.identity.name} />
      </TitledCard>
    );
  });
}
