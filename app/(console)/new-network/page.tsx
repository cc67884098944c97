import type { Metadata } from "next";
import type { ReactNode } from "react";
import { NewNetworkForm } from "#components/networks/new-network-form.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { decide } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

export const metadata: Metadata = { title: "New network" };

export default function NewNetworkPage(): Promise<ReactNode> {
  return consolePage((ctx) => {
    if (decide(ctx.identity, "network.modify", null) !== "allowed") return Promise.reject(new SlipwayError("not_allowed", "Networks are made by administrators."));
    return Promise.resolve(
      <>
        <PageHeader title="New network">Addresses to hand out, and how what has one is connected.</PageHeader>
        <NewNetworkForm user={ctx.identity.name} />
      </>,
    );
  });
}
