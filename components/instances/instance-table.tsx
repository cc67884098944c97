import Link from "next/link";
import { formatMib } from "#components/format.ts";
import { InstallBar } from "#components/install/install-bar.tsx";
import { paths } from "#components/paths.ts";
import type { InstancesQuery, InstanceSort } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { INSTANCE_STATUS } from "#components/status/statuses.ts";
import { classes } from "#components/ui/classes.ts";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { SortTh } from "#components/ui/sort-th.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { InstanceSummary } from "#lib/domain/instance.ts";

/** Texts share what the figures leave of the width, cut where it isn't enough: no column is pushed out of sight by a long name. */
const SHARED = "max-w-0 truncate";

/**
 * Instances, one a row. Whoever sees those of others sees whose they are and where. Without a query it stands on another
 * page, and can't be sorted.
 */
export function InstanceTable({ instances, query, everybodys }: { readonly instances: readonly InstanceSummary[]; readonly query: InstancesQuery | null; readonly everybodys: boolean }) {
  const sortable = (label: string, up: InstanceSort, down: InstanceSort) =>
    query === null ? <Th>{label}</Th> : <SortTh label={label} up={up} down={down} current={query.sort ?? "name"} hrefOf={(sort) => paths.instances({ ...query, sort, cursor: undefined })} />;
  return (
    <Table label="Instances">
      <thead>
        <tr>
          {sortable("Name", "name", "-name")}
          <Th>Status</Th>
          <Th>OS</Th>
          {everybodys ? <Th>Node</Th> : null}
          {everybodys ? <Th>Owner</Th> : null}
          <Th className="text-right">vCPU</Th>
          <Th className="text-right">Memory</Th>
          <Th className="text-right">Disk</Th>
          {sortable("Created", "createdAt", "-createdAt")}
        </tr>
      </thead>
      <tbody>
        {instances.map((instance) => (
          <Tr key={instance.id}>
            <Td className={classes(SHARED, "w-[40%] min-w-[16ch]")} title={instance.name}>
              <Link href={instance.status === "installing" ? paths.instanceInstall(instance.name) : paths.instance(instance.name)} prefetch={false} className="rounded-sm font-medium hover:text-accent hover:underline">
                {instance.name}
              </Link>
            </Td>
            <Td>
              <InstanceStatusCell instance={instance} />
            </Td>
            <Td className={classes(SHARED, "w-[25%] min-w-[14ch]")} title={instance.osType ?? undefined}>
              {instance.osType === null ? <span className="text-soft">none</span> : <Mono>{instance.osType}</Mono>}
            </Td>
            {everybodys ? (
              <Td className={classes(SHARED, "w-[18%] min-w-[10ch]")} title={instance.node}>
                <Mono>{instance.node}</Mono>
              </Td>
            ) : null}
            {everybodys ? (
              <Td className={classes(SHARED, "w-[17%] min-w-[9ch]")} title={instance.owner ?? undefined}>
                {instance.owner ?? <span className="text-soft">none</span>}
              </Td>
            ) : null}
            <Td className="text-right">{instance.vcpus}</Td>
            <Td className="text-right whitespace-nowrap">{formatMib(instance.memoryMib)}</Td>
            <Td className="text-right whitespace-nowrap">{formatMib(instance.diskMib)}</Td>
            <Td className="text-soft">
              <RelativeTime at={instance.createdAt} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function InstanceStatusCell({ instance }: { readonly instance: InstanceSummary }) {
  const look = INSTANCE_STATUS[instance.status];
  if (instance.status !== "installing" || instance.install === null) return <Status tone={look.tone}>{look.word}</Status>;
  return (
    <span className="flex items-center gap-3 whitespace-nowrap">
      <Status tone={look.tone}>
        <span className="sr-only">{look.word}</span>
      </Status>
      <InstallBar install={instance.install} instanceName={instance.name} size="tiny" />
    </span>
  );
}
