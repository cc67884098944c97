import type { Metadata } from "next";
import type { ReactNode } from "react";
import { CreateForm } from "#components/instances/create-form.tsx";
import { firstSizes } from "#components/instances/create-preview.ts";
import { loadChoices } from "#components/instances/load-choices.ts";
import { previewOrRefusal } from "#components/instances/preview-or-refusal.ts";
import { RefusedOs } from "#components/instances/refused-os.tsx";
import { firstNic, loadNicChoices } from "#components/nics/load-nic-choices.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { PageHeader } from "#components/ui/page-header.tsx";
import { decide } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import { parseOsType } from "#lib/domain/os-definition.ts";
import { previewCreate } from "#lib/instances/preview-create.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";

export const metadata: Metadata = { title: "New instance" };

export default function NewInstancePage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    if (decide(ctx.identity, "instance.create", null) !== "allowed") {
      throw new SlipwayError("not_allowed", "Instances are made by administrators. Ask one of them for yours.");
    }
    const query = await searchParams;
    const find = queryText(query["find"], 253);
    const [offered, nodes] = await Promise.all([loadChoices(ctx, { os: queryText(query["os"], 130), current: null, find }), listNodes(ctx, { limit: PAGE_LIMITS.max })]);
    const { osType } = offered;
    const header = <PageHeader title="New instance">A name and what the system needs to know; the rest works as it stands.</PageHeader>;
    const node = nodes.items.find(({ name }) => name === query["node"])?.name;
    const manifest = osType === null ? null : (await getOsDefinition(ctx, parseOsType(osType).name)).manifest;
    const minimum = { diskMib: manifest?.minimumDiskMib ?? 0, memoryMib: manifest?.minimumMemoryMib ?? 0 };
    const question = { osType, ...(node === undefined ? {} : { node }), ...firstSizes(minimum), probe: false } as const;
    const preview = osType === null ? null : await previewOrRefusal(() => previewCreate(ctx, question));
    if (typeof preview === "string") {
      return (
        <>
          {header}
          <RefusedOs instance={null} offered={offered} osType={osType} find={find ?? ""} reason={preview} />
        </>
      );
    }
    const takers = nodes.items.filter(({ state, offline, drained }) => state === "online" && !offline && !drained);
    const choices = await loadNicChoices(ctx, takers);
    return (
      <>
        {header}
        <CreateForm
          osType={osType}
          offered={offered}
          find={find ?? ""}
          nodes={takers.map(({ name }) => name)}
          node={node ?? ""}
          preview={preview}
          question={question}
          minimum={minimum}
          nics={{ choices, first: firstNic(choices, takers) }}
          user={ctx.identity.name}
        />
      </>
    );
  });
}
