"use client";

import { useState } from "react";
import { formatExact } from "#components/format.ts";
import { Asked } from "#components/ui/asked.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Button } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { Mono } from "#components/ui/mono.tsx";
import type { PreviousSystemView } from "#lib/domain/previous-system-views.ts";
import { ActionDialog } from "./action-dialog.tsx";

interface Props {
  readonly name: string;
  readonly previous: PreviousSystemView;
  /** Why it can't be brought back now; null: it can. */
  readonly blocked: string | null;
}

/** The system that the last install replaced: what it is, how long it is kept, and the way back. */
export function PreviousSystem({ name, previous, blocked }: Props) {
  const [asked, setAsked] = useState(false);
  return (
    <TitledCard title="Previous system" aside={<Asked reason={blocked}><Button disabled={blocked !== null} onClick={() => setAsked(true)}>Roll back</Button></Asked>}>
      <DefinitionList
        items={[
          ["System", previous.osType === null ? "without an OS definition" : <Mono key="os">{previous.osType}</Mono>],
          ["Installed", previous.installedAt === null ? "no longer known" : <RelativeTime key="installed" at={previous.installedAt} />],
          ["Kept until", <span key="until">{formatExact(previous.until)}, <RelativeTime at={previous.until} /></span>],
        ]}
      />
      <ActionDialog name={name} action={asked ? "rollback" : null} jobId={null} previous={previous} onClose={() => setAsked(false)} />
    </TitledCard>
  );
}
