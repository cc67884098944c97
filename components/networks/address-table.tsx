import Link from "next/link";
import { formatCount } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { AddressView } from "#lib/domain/network.ts";
import type { AddressRow } from "./address-rows.ts";
import { HOLDER } from "./words.ts";

/** Addresses that are taken, and who holds them. `query`: what of the list's address the link to a dialog keeps. */
export function AddressTable({ network, rows, mayModify, query }: { readonly network: string; readonly rows: readonly AddressRow[]; readonly mayModify: boolean; readonly query: { readonly holder?: AddressView["holder"] | undefined; readonly cursor?: string | undefined } }) {
  return (
    <Table label="Addresses">
      <thead>
        <tr>
          <Th>Address</Th>
          <Th>Held by</Th>
          <Th>Instance</Th>
          <Th>Note</Th>
          {mayModify ? (
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          ) : null}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ first, last, count, holder, instanceName, note, isOwn }) => (
          <Tr key={first}>
            <Td className="whitespace-nowrap">
              <Mono>{first}</Mono>
              {count === 1 ? (
                <CopyIcon text={first} label={`address ${first}`} />
              ) : (
                <>
                  {" "}
                  to <Mono>{last}</Mono> <span className="text-small text-soft">{formatCount(count)} addresses</span>
                </>
              )}
            </Td>
            <Td className="whitespace-nowrap">{HOLDER[holder]}</Td>
            <Td className="whitespace-nowrap">
              {instanceName === null ? null : (
                <Link href={paths.instance(instanceName)} prefetch={false} className="rounded-sm hover:text-accent hover:underline">
                  {instanceName}
                </Link>
              )}
            </Td>
            <Td className="max-w-[40ch] truncate text-soft" title={note ?? undefined}>
              {note}
            </Td>
            {mayModify ? (
              <Td className="text-right">
                {holder === "reserved" && !isOwn ? (
                  <Link
                    href={paths.network(network, { ...query, do: "release", first, last })}
                    replace
                    scroll={false}
                    prefetch={false}
                    aria-label={count === 1 ? `Release ${first}` : `Release ${first} to ${last}`}
                    className="inline-flex h-6 items-center rounded-sm px-1.5 text-accent hover:underline"
                  >
                    Release
                  </Link>
                ) : null}
              </Td>
            ) : null}
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
