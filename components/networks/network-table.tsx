import Link from "next/link";
import { paths } from "#components/paths.ts";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { NetworkView } from "#lib/domain/network.ts";
import { Pool } from "./pool.tsx";
import { connectionText, PURPOSE } from "./words.ts";

/** Networks with what they are for and what is left of them. */
export function NetworkTable({ networks }: { readonly networks: readonly NetworkView[] }) {
  return (
    <Table label="Networks">
      <thead>
        <tr>
          <Th>Network</Th>
          <Th>Addresses</Th>
          <Th>Subnet</Th>
          <Th>For</Th>
          <Th>Connected</Th>
          <Th>Gateway</Th>
          <Th>IPv6</Th>
        </tr>
      </thead>
      <tbody>
        {networks.map((network) => (
          <Tr key={network.id}>
            <Td className="whitespace-nowrap">
              <Link href={paths.network(network.name)} prefetch={false} className="rounded-sm font-medium hover:text-accent hover:underline">
                {network.name}
              </Link>
            </Td>
            <Td>
              <Pool network={network} />
            </Td>
            <Td className="whitespace-nowrap">
              <Mono>{network.subnet}</Mono>
            </Td>
            <Td className="whitespace-nowrap">{PURPOSE[network.purpose]}</Td>
            <Td className="whitespace-nowrap">{connectionText(network)}</Td>
            <Td className="whitespace-nowrap">{network.gateway === null ? <span className="text-soft">none</span> : <Mono>{network.gateway}</Mono>}</Td>
            <Td className="whitespace-nowrap">{network.subnet6 === null ? <span className="text-soft">none</span> : <Mono>{network.subnet6}</Mono>}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
