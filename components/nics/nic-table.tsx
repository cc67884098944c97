import Link from "next/link";
import type { ReactNode } from "react";
import { paths } from "#components/paths.ts";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { NicView } from "#lib/domain/instance.ts";

/** NICs with what they are connected to. `linked`: networks have pages for this person. */
export function NicTable({ nics, linked }: { readonly nics: readonly NicView[]; readonly linked: boolean }) {
  return (
    <Table label="NICs">
      <thead>
        <tr>
          <Th className="text-right">NIC</Th>
          <Th>MAC</Th>
          <Th>Address</Th>
          <Th>Network</Th>
          <Th>Connected</Th>
          <Th>Forwarded ports</Th>
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
            <Td className="whitespace-nowrap">
              {nic.ip === null ? (
                <None>{nic.mode === "user" ? "QEMU’s own" : "none"}</None>
              ) : (
                <>
                  <Mono>{nic.ip}</Mono>
                  <CopyIcon text={nic.ip} label={`address of NIC ${nic.index}`} />
                </>
              )}
            </Td>
            <Td className="whitespace-nowrap">
              {nic.network === null ? (
                <None>none</None>
              ) : linked ? (
                <Link href={paths.network(nic.network)} prefetch={false} className="rounded-sm hover:text-accent hover:underline">
                  {nic.network}
                </Link>
              ) : (
                nic.network
              )}
            </Td>
            <Td className="whitespace-nowrap">{connected(nic)}</Td>
            <Td className="whitespace-nowrap">{nic.mode !== "user" ? <None>not needed</None> : nic.forwards.length === 0 ? <None>none</None> : nic.forwards.join(", ")}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function None({ children }: { readonly children: string }) {
  return <span className="text-soft">{children}</span>;
}

function connected({ mode, link }: NicView): ReactNode {
  if (mode === "user") return "QEMU’s own network";
  if (link === null) return mode;
  return (
    <>
      {mode} {mode === "routed" ? "by table" : "on"} <Mono>{link}</Mono>
    </>
  );
}
