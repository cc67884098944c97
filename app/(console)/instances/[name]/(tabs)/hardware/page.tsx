import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatMib } from "#components/format.ts";
import { loadInstance } from "#components/instances/load-instance.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { DiskView, NicView } from "#lib/domain/instance.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Disks and network of ${decodeURIComponent((await params).name)}` };
}

export default function InstanceHardwarePage({ params }: Props): Promise<ReactNode> {
  return consolePage(async () => {
    const { disks, nics, communication } = await loadInstance((await params).name);
    return (
      <div className="flex flex-col gap-5">
        <TitledCard title="Disks">{disks.length === 0 ? <EmptyState title="No disks" /> : <Disks disks={disks} />}</TitledCard>
        <TitledCard title="Network" aside={communication ? "The guest can ask its host for its metadata" : "No channel to the host in normal running"}>
          {nics.length === 0 ? <EmptyState title="No NIC" /> : <Nics nics={nics} />}
        </TitledCard>
      </div>
    );
  });
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

function Nics({ nics }: { readonly nics: readonly NicView[] }) {
  return (
    <Table label="NICs">
      <thead>
        <tr>
          <Th className="text-right">NIC</Th>
          <Th>MAC</Th>
          <Th>IP</Th>
          <Th>Mode</Th>
          <Th>Link</Th>
        </tr>
      </thead>
      <tbody>
        {nics.map((nic) => (
          <Tr key={nic.id}>
            <Td className="text-right">{nic.index}</Td>
            <Td className="whitespace-nowrap">
              <Mono>{nic.mac}</Mono>
              <CopyIcon text={nic.mac} label={`MAC address of NIC ${nic.index}`} />
            </Td>
            <Td>{nic.ip === null ? <span className="text-soft">none</span> : <Mono>{nic.ip}</Mono>}</Td>
            <Td>{nic.mode}</Td>
            <Td>{nic.link ?? <span className="text-soft">none</span>}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
