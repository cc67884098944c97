import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatMib } from "#components/format.ts";
import { loadInstance } from "#components/instances/load-instance.ts";
import { firstNic, loadNicChoices } from "#components/nics/load-nic-choices.ts";
import { NicTable } from "#components/nics/nic-table.tsx";
import { NicsDialog } from "#components/nics/nics-dialog.tsx";
import { Ways } from "#components/nics/ways.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { paths } from "#components/paths.ts";
import { Asked } from "#components/ui/asked.tsx";
import { AskLink, Button } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { SnapshotDialogs } from "#components/snapshots/snapshot-dialogs.tsx";
import { SnapshotTable } from "#components/snapshots/snapshot-table.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { RequestContext } from "#lib/context/context.ts";
import { reach } from "#lib/domain/access.ts";
import type { DiskView } from "#lib/domain/instance.ts";
import { SNAPSHOTS_PER_INSTANCE } from "#lib/domain/snapshot-views.ts";
import { listSnapshots } from "#lib/snapshots/list-snapshots.ts";
import { getNode } from "#lib/nodes/get-node.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Disks and network of ${decodeURIComponent((await params).name)}` };
}

export default function InstanceHardwarePage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const instance = await loadInstance((await params).name);
    const { disks, nics, lockedByJobId } = instance;
    const snapshots = await listSnapshots(ctx, instance.name);
    const whyNoSnapshot = instance.blockedActions.snapshot ?? (snapshots.length >= SNAPSHOTS_PER_INSTANCE ? `It has ${SNAPSHOTS_PER_INSTANCE} snapshots, and no more fit.` : null);
    const editing = reach(ctx.identity, "instance.nics") === "none" ? null : await loadEditing(ctx, instance.node);
    return (
      <div className="flex flex-col gap-5">
        <TitledCard title="Network" aside={editing === null ? undefined : <EditLink name={instance.name} lockedByJobId={lockedByJobId} />}>
          {nics.length === 0 ? <EmptyState title="No NIC" /> : <NicTable nics={nics} linked={reach(ctx.identity, "network.read") !== "none"} />}
          <div className="border-t border-line pt-4">
            <Ways instance={instance} />
          </div>
        </TitledCard>
        <TitledCard title="Disks">{disks.length === 0 ? <EmptyState title="No disks" /> : <Disks disks={disks} />}</TitledCard>
        <TitledCard
          title="Snapshots"
          aside={
            <Asked reason={whyNoSnapshot}>
              {whyNoSnapshot === null ? <AskLink href={paths.instanceHardware(instance.name, { do: "snapshot" })}>Make a snapshot</AskLink> : <Button disabled>Make a snapshot</Button>}
            </Asked>
          }
        >
          <SnapshotTable instance={instance.name} snapshots={snapshots} free={lockedByJobId === null} stopped={instance.blockedActions.snapshot === undefined} />
        </TitledCard>
        <SnapshotDialogs instance={instance.name} disks={disks} snapshots={snapshots} blocked={whyNoSnapshot} user={ctx.identity.name} />
        {editing === null || lockedByJobId !== null ? null : <NicsDialog instance={instance.name} nics={nics} choices={editing.choices} first={editing.first} user={ctx.identity.name} />}
      </div>
    );
  });
}

/** What the NICs can be connected to on the instance's node. */
async function loadEditing(ctx: RequestContext, nodeName: string) {
  const node = await getNode(ctx, nodeName);
  const choices = await loadNicChoices(ctx, [node]);
  return { choices, first: firstNic(choices, [node]) };
}

function EditLink({ name, lockedByJobId }: { readonly name: string; readonly lockedByJobId: number | null }) {
  if (lockedByJobId !== null) return `Job ${lockedByJobId} is at work on it, so its NICs stay as they are`;
  return <AskLink href={paths.instanceHardware(name, { do: "nics" })}>Edit the NICs</AskLink>;
}

function Disks({ disks }: { readonly disks: readonly DiskView[] }) {
  return (
    <Table label="Disks">
      <thead>
        <tr>
          <Th className="text-right">Disk</Th>
          <Th>Name</Th>
          <Th className="text-right">Size</Th>
          <Th>At a reinstall</Th>
          <Th>Id</Th>
        </tr>
      </thead>
      <tbody>
        {disks.map((disk) => (
          <Tr key={disk.id}>
            <Td className="text-right">{disk.index}</Td>
            <Td>{disk.name ?? <span className="text-soft">none</span>}</Td>
            <Td className="text-right whitespace-nowrap">{formatMib(disk.sizeMib)}</Td>
            <Td className="whitespace-nowrap text-soft">{disk.index === 0 ? "replaced" : "left alone"}</Td>
            <Td className="whitespace-nowrap">
              <Mono>{disk.id}</Mono>
              <CopyIcon text={disk.id} label={`id of disk ${disk.index}`} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
