import { formatMib } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { AskLink, Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { SnapshotView } from "#lib/domain/snapshot-views.ts";

interface Props {
  readonly instance: string;
  readonly snapshots: readonly SnapshotView[];
  /** Whether anything can be done with them now. */
  readonly free: boolean;
  /** Whether its disks may be put back: not under a system that runs. */
  readonly stopped: boolean;
}

/** Copies of an instance's disks. */
export function SnapshotTable({ instance, snapshots, free, stopped }: Props) {
  if (snapshots.length === 0) return <EmptyState title="No snapshots">A copy of the disks, made while the instance is stopped, to come back to.</EmptyState>;
  return (
    <Table label="Snapshots">
      <thead>
        <tr>
          <Th>Snapshot</Th>
          <Th>Disks</Th>
          <Th className="text-right">Takes</Th>
          <Th>Made by</Th>
          <Th>When</Th>
          <Th>
            <span className="sr-only">What can be done</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {snapshots.map((snapshot) => (
          <Tr key={snapshot.id}>
            <Td>
              <Mono className="wrap-anywhere">{snapshot.name}</Mono>
            </Td>
            <Td className="whitespace-nowrap">{snapshot.disks.map(({ index }) => index).join(", ")}</Td>
            <Td className="text-right whitespace-nowrap">{snapshot.usedMib === null ? <span className="text-soft">being made</span> : formatMib(snapshot.usedMib)}</Td>
            <Td className="whitespace-nowrap">{snapshot.createdBy}</Td>
            <Td className="text-soft">
              <RelativeTime at={snapshot.createdAt} />
            </Td>
            <Td className="text-right whitespace-nowrap">
              {free && snapshot.usedMib !== null ? (
                <span className="inline-flex gap-2">
                  {stopped ? (
                    <AskLink href={paths.instanceHardware(instance, { do: "restore", of: snapshot.name })}>Restore</AskLink>
                  ) : (
                    <Button disabled title={`Stop ${instance} first: its disks can’t be changed under a running system.`}>
                      Restore
                    </Button>
                  )}
                  <AskLink href={paths.instanceHardware(instance, { do: "delete-snapshot", of: snapshot.name })}>Delete</AskLink>
                </span>
              ) : null}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
