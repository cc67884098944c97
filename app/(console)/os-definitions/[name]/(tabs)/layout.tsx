import type { ReactNode } from "react";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { DefinitionHeader } from "#components/os-definitions/definition-header.tsx";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { consolePage } from "#components/page/console-page.tsx";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly children: ReactNode;
}

export default function OsDefinitionLayout({ params, children }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const definition = await loadDefinition((await params).name);
    return (
      <>
        <LiveRefresh interest={{ types: ["os.changed", "cluster.changed"], definition: definition.name }} />
        <DefinitionHeader definition={definition} identity={ctx.identity} />
        {children}
      </>
    );
  });
}
