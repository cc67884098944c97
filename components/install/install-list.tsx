import Link from "next/link";
import { formatDuration, secondsBetween } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { InstallSummary } from "#lib/domain/views.ts";
import { InstallBar } from "./install-bar.tsx";

/** Installs of one instance, the last first. */
export function InstallList({ installs }: { readonly installs: readonly InstallSummary[] }) {
  return (
    <Table label="Installs">
      <thead>
        <tr>
          <Th>Install</Th>
          <Th>State</Th>
          <Th>What</Th>
          <Th>OS</Th>
          <Th>Asked for by</Th>
          <Th>When</Th>
          <Th className="text-right">Took</Th>
        </tr>
      </thead>
      <tbody>
        {installs.map((install) => (
          <Tr key={install.id}>
            <Td>
              <Link href={paths.instanceInstall(install.instanceName, install.id)} prefetch={false} className="rounded-sm font-mono text-small hover:text-accent hover:underline">
                {install.id.slice(0, 8)}
              </Link>
            </Td>
            <Td>
              <InstallBar install={install} instanceName={install.instanceName} />
            </Td>
            <Td className="whitespace-nowrap">{install.operation}</Td>
            <Td className="font-mono text-small whitespace-nowrap">{install.osType ?? <span className="font-sans text-soft">none</span>}</Td>
            <Td className="whitespace-nowrap">{install.requester}</Td>
            <Td className="text-soft">
              <RelativeTime at={install.acceptedAt} />
            </Td>
            <Td className="text-right whitespace-nowrap text-soft">
              {install.startedAt === null || install.endedAt === null ? "" : formatDuration(secondsBetween(install.startedAt, install.endedAt))}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
